import { optionalInteger } from '../arguments.js';
import type { HttpClient, HttpRequest } from './http-client.js';
import { WindowOverflowError } from '../errors.js';
import type { Format } from '../prompts.js';
import type {
  Conversation,
  ErasureReceipt,
  PromptWindow,
  Window,
  WindowInfo,
  WindowOptions,
  WindowPreview,
} from '../types.js';
import { toWireRange } from '../wire/compactions.js';
import { fromWireConversation, fromWireReceipt } from '../wire/conversations.js';
import type {
  WireConversation,
  WireConversationSettings,
  WireErasureReceipt,
  WireWindow,
} from '../wire/types.js';
import { fromWirePromptWindow, fromWireWindow } from '../wire/windows.js';

/** `path` is relative to the conversation. */
type ConversationRequest = Omit<HttpRequest, 'path'> & { path?: string };

type CachedWindowOptions = WindowOptions & { cache?: boolean | undefined };

/** Sends the requests of one conversation. */
export class RemoteConversation {
  private readonly path: string;

  /** @throws TypeError the id is invalid */
  constructor(
    readonly http: HttpClient,
    readonly id: string,
  ) {
    this.path = `/conversations/${encodeId(id)}`;
  }

  request(request: ConversationRequest): Promise<unknown> {
    return this.http.request({ ...request, path: this.path + (request.path ?? '') });
  }

  open(request: ConversationRequest): Promise<Response> {
    return this.http.open({ ...request, path: this.path + (request.path ?? '') });
  }

  async get(signal?: AbortSignal): Promise<Conversation> {
    const record = await this.request({ method: 'GET', retryable: 'always', signal });
    return fromWireConversation(record as WireConversation);
  }

  async put(settings: WireConversationSettings): Promise<void> {
    await this.request({ method: 'PUT', body: settings, retryable: 'always' });
  }

  async patchMetadata(metadata: Record<string, unknown>): Promise<Conversation> {
    const record = await this.request({
      method: 'PATCH',
      path: '/metadata',
      body: { metadata },
      retryable: 'always',
    });
    return fromWireConversation(record as WireConversation);
  }

  async delete(): Promise<void> {
    await this.request({ method: 'DELETE', retryable: 'always' });
  }

  async erase(): Promise<ErasureReceipt> {
    const receipt = await this.request({ method: 'DELETE', query: { mode: 'erase' }, retryable: 'always' });
    return fromWireReceipt(receipt as WireErasureReceipt);
  }

  async window(options: WindowOptions): Promise<Window> {
    return fromWireWindow(await this.readWindow(options));
  }

  /** @throws WindowOverflowError */
  async promptWindow<F extends Format>(format: F, options: CachedWindowOptions): Promise<PromptWindow<F>> {
    const window = fromWirePromptWindow(await this.readWindow({ ...options, format }), format);
    this.rejectOverflow(window);
    return window;
  }

  /** A preview is returned even if it overflows. */
  async previewWindow(
    { policy, tokenBudget, reserveTokens, model, compaction }: WindowPreview,
    options: CachedWindowOptions & { format?: Format | undefined },
  ): Promise<Window | PromptWindow> {
    const { format } = options;
    optionalInteger('tokenBudget', tokenBudget, 1);
    optionalInteger('reserveTokens', reserveTokens, 0);
    const window = (await this.request({
      method: 'POST',
      path: '/window/preview',
      query: windowQuery(options),
      body: {
        policy,
        token_budget: tokenBudget,
        reserve_tokens: reserveTokens,
        model,
        compaction: compaction && toWireRange(compaction),
      },
      retryable: 'always',
      signal: options.signal,
    })) as WireWindow;
    return format === undefined ? fromWireWindow(window) : fromWirePromptWindow(window, format);
  }

  /** @throws WindowOverflowError the window is without the newest messages */
  rejectOverflow({ overflow, budgetTokens }: WindowInfo): void {
    if (overflow) throw new WindowOverflowError(this.id, overflow, budgetTokens);
  }

  private async readWindow(
    options: CachedWindowOptions & { format?: Format | undefined },
  ): Promise<WireWindow> {
    const window = await this.request({
      method: 'GET',
      path: '/window',
      query: windowQuery(options),
      retryable: 'always',
      signal: options.signal,
    });
    return window as WireWindow;
  }
}

/** @throws RangeError, TypeError */
function windowQuery({
  budgetTokens,
  ifVersion,
  atVersion,
  format,
  cache,
  explain,
}: CachedWindowOptions & { format?: Format | undefined }) {
  optionalInteger('budgetTokens', budgetTokens, 1);
  optionalInteger('ifVersion', ifVersion, 0);
  optionalInteger('atVersion', atVersion, 0);
  const query = { budget_tokens: budgetTokens, if_version: ifVersion, at_version: atVersion, format };
  return { ...query, ...(cache && { cache }), ...(explain && { explain }) };
}

function encodeId(id: unknown): string {
  if (typeof id !== 'string' || id === '') {
    throw new TypeError(
      'A conversation id is a string of 1 to 255 characters that you choose; the SDK does not generate ids',
    );
  }
  // In a URL these are path steps, even percent-encoded: https://url.spec.whatwg.org/#single-dot-path-segment
  if (id === '.' || id === '..')
    throw new TypeError(`A URL cannot contain the conversation id "${id}"; use another id`);
  try {
    return encodeURIComponent(id);
  } catch {
    throw new TypeError('A conversation id must not contain unpaired surrogates');
  }
}
