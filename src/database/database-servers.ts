import { serverUrls } from '../config/database-url.js';

/**
 * The servers that `DATABASE_URL` names. The service needs the one that accepts writes: new connections go to the server
 * that took the last one, and after a failure to the next in turn.
 */
export class DatabaseServers {
  private readonly urls: readonly string[];
  private index = 0;
  private generation = 0;

  /** @param databaseUrl with one host or several */
  constructor(databaseUrl: string) {
    this.urls = serverUrls(databaseUrl);
  }

  /** URL of the server that the next connection is made to. */
  get current(): string {
    return this.urls[this.index] as string;
  }

  /** Grows whenever a server is found to be read-only. A connection made before must not be used any more. */
  get currentGeneration(): number {
    return this.generation;
  }

  /** The server at `url` could not be connected to: the next connection is tried elsewhere. */
  reportFailure(url: string): void {
    if (url === this.current) this.index = (this.index + 1) % this.urls.length;
  }

  /** The server at `url` was found to be read-only: every existing connection is replaced before its next use. */
  reportReadOnly(url: string): void {
    this.generation += 1;
    this.reportFailure(url);
  }

  /** Calls `connect` until it succeeds, at most once per server. */
  async tryEach<T>(connect: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const { current } = this;
      try {
        return await connect();
      } catch (error) {
        // Unchanged: the failure had nothing to do with the server, or there is no other one.
        if (attempt >= this.urls.length || current === this.current) throw error;
      }
    }
  }
}
