import { serverUrls } from '../config/database-url.js';

/**
 * The servers that `DATABASE_URL` names. The service needs the one that accepts writes: a new connection goes to the
 * server of the last successful connection, and after a failure to the next server in turn.
 */
export class DatabaseServers {
  private readonly urls: readonly string[];
  private index = 0;
  private generation = 0;

  /** @param databaseUrl names one host or several */
  constructor(databaseUrl: string) {
    this.urls = serverUrls(databaseUrl);
  }

  /** URL of the server for the next connection. */
  get current(): string {
    return this.urls[this.index] as string;
  }

  /** Increases when a server is found to be read-only. Connections of earlier generations must not be used any more. */
  get currentGeneration(): number {
    return this.generation;
  }

  /** A connection to the server at `url` failed: the next attempt uses another server. */
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
        // Unchanged: the failure was not reported as one of the server, or there is only one server.
        if (attempt >= this.urls.length || current === this.current) throw error;
      }
    }
  }
}
