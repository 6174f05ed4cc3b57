import { ContextBuilder } from '../conversation/context-builder.js';
import { KeyedMutex } from '../conversation/keyed-mutex.js';
import { RemoteConversation } from '../http/remote-conversation.js';
import { Conversations } from './conversations.js';
import { HttpClient } from '../http/http-client.js';
import { completeOptions, type ClientOptions } from '../http/client-options.js';

/** A client of one service. */
export interface Client {
  /**
   * A conversation.
   *
   * @param id chosen by you: 1 to 255 characters, no control characters
   * @throws TypeError the id is invalid
   */
  context(id: string): ContextBuilder;
  /** Lists the conversations of the namespace. */
  readonly conversations: Conversations;
}

/**
 * Creates a client of the service at `baseUrl`. It keeps no connection open and needs no closing.
 *
 * @throws TypeError, RangeError naming the invalid option
 */
export function createClient(options: ClientOptions = {}): Client {
  const http = new HttpClient(completeOptions(options));
  const compactionMutex = new KeyedMutex();
  return {
    context: (id) => new ContextBuilder({ conversation: new RemoteConversation(http, id), compactionMutex }),
    conversations: new Conversations(http),
  };
}
