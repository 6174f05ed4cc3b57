import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { HttpClient } from './http-client.js';
import { PATIENCE_MS } from './patience.js';
import { UNHURRIED } from './unhurried.js';

const MAIN = join(import.meta.dirname, '../../dist/src/main.js');

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** The built service as a process of its own, as it is deployed. `npm test` builds it first. */
export class BuiltService {
  /** Every line it has written to stdout. */
  readonly lines: string[] = [];
  /** What it has written to stderr: nothing, if all is well. */
  errors = '';
  /** Resolves when it has ended and all it wrote has been read. */
  readonly exited: Promise<Exit>;
  private readonly child: ChildProcess;
  private onLine: () => void = () => undefined;

  private constructor(env: Record<string, string>) {
    const child = spawn(process.execPath, [MAIN], {
      env: { PATH: process.env.PATH, ...UNHURRIED, HOST: '127.0.0.1', PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.lines.push(line);
      this.onLine();
    });
    child.stderr.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    this.exited = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  }

  /** Starts it without waiting, as for a start that is meant to fail. */
  static launch(env: Record<string, string>): BuiltService {
    return new BuiltService(env);
  }

  /** Starts it and waits till it listens. */
  static async start(env: Record<string, string>): Promise<BuiltService> {
    const service = BuiltService.launch(env);
    await service.listening();
    return service;
  }

  /** @throws Error with what it said if it ends instead */
  async listening(): Promise<void> {
    await Promise.race([
      this.line(({ url }) => url !== undefined),
      this.exited.then(({ code }) => {
        throw new Error(`the service ended with ${code}: ${this.lines.join('\n')}${this.errors}`);
      }),
    ]);
  }

  /** The first line, written or to come, that `is` accepts. */
  async line(is: (fields: Record<string, any>) => boolean): Promise<Record<string, any>> {
    for (let next = 0; ;) {
      for (; next < this.lines.length; next += 1) {
        const fields = JSON.parse(this.lines[next]!) as Record<string, any>;
        if (is(fields)) return fields;
      }
      await new Promise<void>((resolve) => (this.onLine = resolve));
    }
  }

  get pid(): number {
    return this.child.pid!;
  }

  get url(): string {
    return this.records().find(({ url }) => url !== undefined)?.url as string;
  }

  get http(): HttpClient {
    return new HttpClient(this.url);
  }

  /** The lines as objects. */
  records(): Record<string, any>[] {
    return this.lines.map((line) => JSON.parse(line) as Record<string, any>);
  }

  /** As when the collector of its log ends: nobody reads on, and it cannot be written to. */
  closeLog(): Promise<void> {
    return new Promise((resolve) => this.child.stdout!.once('close', () => resolve()).destroy());
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Ends it as a deploy does, or at once if it does not listen to that. */
  async stop(): Promise<Exit> {
    this.kill('SIGTERM');
    const patience = setTimeout(() => this.kill('SIGKILL'), PATIENCE_MS);
    const exit = await this.exited;
    clearTimeout(patience);
    return exit;
  }
}
