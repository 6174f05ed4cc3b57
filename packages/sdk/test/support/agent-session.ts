import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { setTracingDisabled } from '@openai/agents';
import { TestService } from '../../../../test/support/test-service.js';
import { createClient, type Client, type Context, type LoggedEvent } from '../../src/index.js';
import { FastpacaSession } from '../../src/openai-agents.js';
import { allOf } from './all-of.js';
import { HttpProxy } from './http-proxy.js';

export interface SessionSetup {
  readonly proxy: HttpProxy;
  readonly client: Client;
  /** A new conversation for each test. */
  readonly ctx: Context;
  /** A session of that conversation. */
  readonly session: FastpacaSession;
  readLog: () => Promise<LoggedEvent[]>;
}

/** Registers the hooks that start the service and create a conversation and a session for each test. */
export function setUpSession(): SessionSetup {
  let service: TestService;
  let proxy: HttpProxy;
  let client: Client;
  let ctx: Context;
  let session: FastpacaSession;
  let conversations = 0;

  beforeAll(async () => {
    setTracingDisabled(true);
    service = await TestService.start();
    proxy = await HttpProxy.start(service.url);
    client = createClient({ baseUrl: proxy.url });
  });
  afterAll(async () => {
    await proxy.stop();
    await service.stop();
  });
  beforeEach(async () => {
    ctx = await client.context(`agents-${(conversations += 1)}`).budget(100_000);
    session = new FastpacaSession({ context: ctx });
  });

  return {
    get proxy() {
      return proxy;
    },
    get client() {
      return client;
    },
    get ctx() {
      return ctx;
    },
    get session() {
      return session;
    },
    readLog: () => allOf(ctx.replay()),
  };
}
