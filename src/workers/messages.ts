import type { StartedService } from '../announce-start.js';
import { isError } from '../common/errors/is-error.js';

/** The values of one metric in one process, as `getMetricsAsJSON` of prom-client returns them. */
export interface MetricValues {
  name: string;
  help: string;
  /** `counter`, `gauge`, `histogram` or `summary` */
  type: string;
  /** How the values of several processes are combined; default `sum`. */
  aggregator: string;
  values: { value: number; labels: Partial<Record<string, string | number>>; metricName?: string }[];
}

/**
 * The messages between the parent and a worker. `fastpaca` tells them from messages of an application on the same
 * channel.
 */
export type ToWorker =
  /** The worker may accept connections. */
  | { fastpaca: 'listen' }
  | { fastpaca: 'stop' }
  /** The parent needs the metrics of the worker. */
  | { fastpaca: 'collect' }
  /** The metrics of all workers, for each `read` that the worker has sent before. */
  | { fastpaca: 'metrics'; text: string };

export type ToParent =
  /** The application is ready, and waits for `listen`. */
  | { fastpaca: 'prepared' }
  | { fastpaca: 'listening'; started: StartedService }
  /** The worker cannot start, and ends. */
  | { fastpaca: 'failed'; error: ErrorFields }
  | { fastpaca: 'collected'; metrics: MetricValues[] }
  | { fastpaca: 'read' };

/** The fields of an error that the log shows. */
export interface ErrorFields {
  name: string;
  message: string;
  code?: string;
  constraint?: string;
  stack?: string;
}

export function toErrorFields(error: unknown): ErrorFields {
  if (!isError(error)) return { name: typeof error, message: String(error) };
  const { name, message, stack } = error;
  const { code, constraint } = error as Partial<ErrorFields>;
  return { name, message, stack, code, constraint };
}

/** The error again, with the stack of the process that has thrown it. */
export function fromErrorFields({ message, stack, ...fields }: ErrorFields): Error {
  return Object.assign(new Error(message), fields, { stack });
}
