import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { TestService } from '../../../../../test/support/test-service.js';
import type { Context, createClient, LoggedEvent } from '../../../src/index.js';
import type { AiVersion } from '../ai-version.js';
import { allOf } from '../all-of.js';
import { HttpProxy } from '../http-proxy.js';

export interface StreamSetup {
  version: AiVersion;
  createClient: typeof createClient;
  /** A new proxy for each test. */
  readonly proxy: HttpProxy;
  /** A new conversation for each test. It contains one user message. */
  readonly ctx: Context;
  /** A handler that passes the messages to `streamText`. */
  streamText: (model: any, options?: object) => (messages: any[]) => any;
  /** The events with role `assistant` in the log. */
  storedAnswers: () => Promise<LoggedEvent[]>;
}

/** Registers the hooks that start the service and create a proxy and a conversation for each test. */
export function setUpStreams(version: AiVersion, create: typeof createClient): StreamSetup {
  let service: TestService;
  let proxy: HttpProxy;
  let ctx: Context;
  let conversations = 0;

  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service.stop());
  beforeEach(async () => {
    proxy = await HttpProxy.start(service.url);
    ctx = await create({ baseUrl: proxy.url, maxRetries: 1 })
      .context(`stream-${(conversations += 1)}`)
      .budget(100_000);
    await ctx.append({ role: 'user', content: 'How do I deploy this?' });
  });
  afterEach(() => proxy.stop());

  return {
    version,
    createClient: create,
    get proxy() {
      return proxy;
    },
    get ctx() {
      return ctx;
    },
    streamText:
      (model, options = {}) =>
      (messages) =>
        // `onError` replaces the default of the AI SDK, which writes to the console.
        version.ai.streamText({ model, messages, maxRetries: 0, onError: () => undefined, ...options }),
    storedAnswers: async () => (await allOf(ctx.replay())).filter(({ role }) => role === 'assistant'),
  };
}
