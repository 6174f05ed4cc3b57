import { completeOptions, type ClientOptions } from './client-options.js';
import { ContextBuilder } from '../conversation/context-builder.js';
import { RemoteConversation } from '../conversation/remote-conversation.js';
import { Http } from '../http/http-client.js';
import { Mutexes } from '../conversation/keyed-mutex.js';

/** Talks to one service. */
export interface Client {
  /**
   * A conversation. The id is yours: 1 to 255 characters, anything but control characters.
   *
   * @throws TypeError it is no id
   */
  context(id: string): ContextBuilder;
}

/**
 * A client of the service at `baseUrl`. It holds no connection and nothing to close.
 *
 * @throws TypeError, RangeError naming the option that is wrong
 */
export function createClient(options: ClientOptions = {}): Client {
  const http = new Http(completeOptions(options));
  const mutexes = new Mutexes();
  return { context: (id) => new ContextBuilder(new RemoteConversation(http, id), mutexes) };
}
