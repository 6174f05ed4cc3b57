import { expect } from '@jest/globals';
import type { HttpResponse, HttpClient } from './http-client.js';
import type { TestDatabase } from './test-database.js';
import { TestService } from './test-service.js';

/** All reads of a conversation that use the caches of a node. */
const CACHED_READS = [
  '/events',
  '/events?from_seq=-5',
  '/events?cursor=3&limit=2',
  '/window',
  '/window?budget_tokens=30',
];

/** Two nodes with caches, and one node without caches, which returns what the database contains. */
export class CachingNodes {
  private constructor(
    readonly caching: readonly [TestService, TestService],
    private readonly uncached: TestService,
  ) {}

  static async start(database: TestDatabase): Promise<CachingNodes> {
    const first = await TestService.start({ database });
    const second = await TestService.start({ database });
    const uncached = await TestService.start({ database, env: { FASTPACA_CACHE_BYTES: '0' } });
    return new CachingNodes([first, second], uncached);
  }

  async stop(): Promise<void> {
    for (const node of [...this.caching, this.uncached]) await node.stop();
  }

  get first(): TestService {
    return this.caching[0];
  }

  /** Appends a message on the first node. */
  append(id: string, text: string): Promise<HttpResponse> {
    return untilAvailable(() => this.first.http.say(id, text));
  }

  /** Fills the caches of every caching node with all reads. @returns the entity tags of the responses */
  async fillCaches(id: string): Promise<string[]> {
    const tags: string[] = [];
    for (const { http } of this.caching)
      for (const path of CACHED_READS) tags.push((await read(http, id, path)).headers.get('etag')!);
    return tags;
  }

  /** Asserts that every node returns what the database contains, even if `If-None-Match` has an old entity tag. */
  async expectCurrentResponses(id: string, oldTags: readonly string[]): Promise<void> {
    for (const path of CACHED_READS) {
      const current = await read(this.uncached.http, id, path);
      expect(current.status).toBe(200);
      for (const { http } of this.caching) {
        for (const tag of [undefined, ...oldTags]) {
          const response = await read(http, id, path, tag);
          expect([path, response.status, response.text]).toEqual([path, 200, current.text]);
          expect(response.headers.get('etag')).toBe(current.headers.get('etag'));
        }
      }
    }
  }
}

function read(http: HttpClient, id: string, path: string, ifNoneMatch?: string): Promise<HttpResponse> {
  const options = ifNoneMatch === undefined ? {} : { headers: { 'if-none-match': ifNoneMatch } };
  return untilAvailable(() => http.request('GET', http.path(id, path), options));
}

/** Repeats the request until its response is not a 503, while the node reconnects to the database. */
async function untilAvailable(request: () => Promise<HttpResponse>): Promise<HttpResponse> {
  for (;;) {
    const response = await request();
    if (response.status !== 503) return response;
  }
}
