import cluster from 'node:cluster';
import type { StartedService } from '../announce-start.js';
import type { Assignment } from './assignment.js';
import { toErrorFields, type MetricValues, type ToParent, type ToWorker } from './messages.js';

/** The parent, as a worker sees it. If the parent ends, Node.js ends the worker too. */
export class ParentLink {
  private readonly mayListen = Promise.withResolvers<undefined>();
  private metricsWaiters: ((text: string) => void)[] = [];
  private stopListener?: () => void;
  private metricsSource: () => Promise<MetricValues[]> = () => Promise.resolve([]);

  constructor(readonly assignment: Assignment) {
    // A message could not be sent, because the parent has ended.
    cluster.worker?.on('error', () => undefined);
    process.on('message', (message: ToWorker) => void this.receive(message));
  }

  /** `listener` is called when the parent stops the service. */
  onStop(listener: () => void): void {
    this.stopListener = listener;
  }

  /** `source` is called for each read of `/metrics` on any worker. */
  onCollect(source: () => Promise<MetricValues[]>): void {
    this.metricsSource = source;
  }

  /** Reports that the application is ready. Resolves when the worker may listen. */
  async prepared(): Promise<void> {
    await send({ fastpaca: 'prepared' });
    await this.mayListen.promise;
  }

  listening({ url, isOpen }: StartedService): Promise<void> {
    return send({ fastpaca: 'listening', started: { url, isOpen } });
  }

  /** Reports why the worker cannot start, in place of logging it. The worker ends afterwards. */
  failed(error: unknown): Promise<void> {
    return send({ fastpaca: 'failed', error: toErrorFields(error) });
  }

  /** The metrics of all workers, in the text format of Prometheus. */
  readMetrics(): Promise<string> {
    return new Promise((resolve) => {
      this.metricsWaiters.push(resolve);
      void send({ fastpaca: 'read' });
    });
  }

  private async receive(message: ToWorker): Promise<void> {
    switch (message.fastpaca) {
      case 'listen':
        this.mayListen.resolve(undefined);
        break;
      case 'stop':
        this.stopListener?.();
        break;
      case 'collect':
        await send({ fastpaca: 'collected', metrics: await this.metricsSource() });
        break;
      case 'metrics':
        this.metricsWaiters.shift()?.(message.text);
        break;
    }
  }
}

/** Resolves when the message is on its way, or cannot be sent. */
function send(message: ToParent): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
    else resolve();
  });
}
