import type { Http, HttpRequest } from '../http/http-client.js';
import { optionalInteger } from '../arguments.js';
import type { Conversation, Window, WindowOptions } from '../types.js';
import type { WireConversation, WireConversationSettings, WireWindow } from '../wire/types.js';
import { fromWireWindow } from '../wire/windows.js';

type BelowConversation = Omit<HttpRequest, 'path'> & { path?: string };

/** One conversation of one service: what the SDK does with it is made of these requests. */
export class RemoteConversation {
  private readonly path: string;

  /** @throws TypeError no URL can name this id */
  constructor(
    readonly http: Http,
    readonly id: string,
  ) {
    this.path = `/conversations/${encodedId(id)}`;
  }

  /** @param request whose `path` is what follows the conversation's own */
  request(request: BelowConversation): Promise<unknown> {
    return this.http.request({ ...request, path: this.path + (request.path ?? '') });
  }

  open(request: BelowConversation): Promise<Response> {
    return this.http.open({ ...request, path: this.path + (request.path ?? '') });
  }

  async get(signal?: AbortSignal): Promise<Conversation> {
    const record = await this.request({ method: 'GET', repeatable: 'always', signal });
    return fromWireConversation(record as WireConversation);
  }

  async put(settings: WireConversationSettings): Promise<void> {
    await this.request({ method: 'PUT', body: settings, repeatable: 'always' });
  }

  async window({ budgetTokens, ifVersion, signal }: WindowOptions = {}): Promise<Window> {
    optionalInteger('budgetTokens', budgetTokens, 1);
    optionalInteger('ifVersion', ifVersion, 0);
    const query = { budget_tokens: budgetTokens, if_version: ifVersion };
    const window = await this.request({
      method: 'GET',
      path: '/window',
      query,
      repeatable: 'always',
      signal,
    });
    return fromWireWindow(window as WireWindow);
  }
}

export function fromWireConversation(wire: WireConversation): Conversation {
  const { id, policy, metadata, version, tombstoned } = wire;
  return {
    id,
    tokenBudget: wire.token_budget,
    triggerRatio: wire.trigger_ratio,
    policy,
    metadata,
    version,
    lastSeq: wire.last_seq,
    tombstoned,
    createdAt: wire.created_at,
    updatedAt: wire.updated_at,
  };
}

function encodedId(id: unknown): string {
  if (typeof id !== 'string' || id === '') {
    throw new TypeError(
      'A conversation id is a string of 1 to 255 characters, and yours: the SDK makes none',
    );
  }
  // In a URL these are not names but steps, even percent-encoded: https://url.spec.whatwg.org/#single-dot-path-segment
  if (id === '.' || id === '..')
    throw new TypeError(`No URL can name a conversation "${id}"; use another id`);
  try {
    return encodeURIComponent(id);
  } catch {
    throw new TypeError('A conversation id must not contain unpaired surrogates');
  }
}
