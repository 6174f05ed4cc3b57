import { optionalInteger } from '../arguments.js';
import type { HttpClient } from '../http/http-client.js';
import type { Conversation, ConversationPage, ListOptions, ListPageOptions } from '../types.js';
import { fromWireConversation } from '../wire/conversations.js';
import type { WireConversationPage } from '../wire/types.js';

/** Most conversations that the service returns in one page. */
const MAX_LIMIT = 1000;

/** The conversations of the namespace of the API key. */
export class Conversations {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /** Lists conversations, the newest first. Each page is read when the iteration reaches it. */
  async *list(options: ListOptions = {}): AsyncGenerator<Conversation, void, undefined> {
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const page: ConversationPage = await this.page({ ...options, cursor });
      yield* page.conversations;
      cursor = page.nextCursor;
    }
  }

  /**
   * One page of the list, for example to show it with a button for more.
   *
   * @throws RangeError, TypeError the limit is invalid; InvalidRequestError the cursor is not one of this order
   */
  async page(options: ListPageOptions = {}): Promise<ConversationPage> {
    const { order, metadata = {}, tombstoned, limit, cursor, signal } = options;
    optionalInteger('limit', limit, 1, MAX_LIMIT);
    const filters = Object.entries(metadata).map(([key, value]) => [
      `metadata.${encodeURIComponent(key)}`,
      value,
    ]);
    const page = (await this.#http.request({
      method: 'GET',
      path: '/conversations',
      query: { order, tombstoned, limit, cursor, ...(Object.fromEntries(filters) as typeof metadata) },
      retryable: 'always',
      signal,
    })) as WireConversationPage;
    return { conversations: page.conversations.map(fromWireConversation), nextCursor: page.next_cursor };
  }
}
