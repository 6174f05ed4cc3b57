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

/** The built service in its own process, as it is deployed. `npm test` builds it first. */
export class BuiltService {
  /** Every line on stdout. */
  readonly lines: string[] = [];
  /** Text on stderr; empty unless something is wrong. */
  errors = '';
  /** Resolves when the process has ended and its output has been read. */
  readonly exited: Promise<Exit>;
  private readonly child: ChildProcess;
  private onLine: () => void = () => undefined;

  private constructor(env: Record<string, string>, args: readonly string[]) {
    const child = spawn(process.execPath, args, {
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

  /**
   * Starts the process without waiting, for a start that is expected to fail.
   *
   * @param args the program and its arguments
   */
  static launch(env: Record<string, string>, args: readonly string[] = [MAIN]): BuiltService {
    return new BuiltService(env, args);
  }

  /** Starts the process and waits until the service listens. */
  static async start(env: Record<string, string>, args?: readonly string[]): Promise<BuiltService> {
    const service = BuiltService.launch(env, args);
    await service.listening();
    return service;
  }

  /** @throws Error with the output if the process ends instead */
  async listening(): Promise<void> {
    await Promise.race([
      this.line(({ url }) => url !== undefined),
      this.exited.then(({ code }) => {
        throw new Error(`the service exited with ${code}: ${this.lines.join('\n')}${this.errors}`);
      }),
    ]);
  }

  /** Resolves to the first log line that satisfies the condition, as soon as there is one. */
  async line(matches: (fields: Record<string, any>) => boolean): Promise<Record<string, any>> {
    for (let next = 0; ;) {
      for (; next < this.lines.length; next += 1) {
        const fields = JSON.parse(this.lines[next]!) as Record<string, any>;
        if (matches(fields)) return fields;
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

  /** The lines on stdout as objects. */
  records(): Record<string, any>[] {
    return this.lines.map((line) => JSON.parse(line) as Record<string, any>);
  }

  /** Closes the stdout of the service, as when the process that collects its log exits. */
  closeLog(): Promise<void> {
    return new Promise((resolve) => this.child.stdout!.once('close', () => resolve()).destroy());
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Stops the service with SIGTERM, as a deployment does, and with SIGKILL if it does not stop. */
  async stop(): Promise<Exit> {
    this.kill('SIGTERM');
    const timeout = setTimeout(() => this.kill('SIGKILL'), PATIENCE_MS);
    const exit = await this.exited;
    clearTimeout(timeout);
    return exit;
  }
}
