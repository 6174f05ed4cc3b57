import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { CalibrationService } from '../../src/calibration/calibration.service.js';
import { ConversationId } from '../../src/common/conversation-id.js';
import type { Authenticator } from '../../src/auth/authenticator.js';
import { ConversationsService } from '../../src/conversations/conversations.service.js';
import { expectError } from '../support/error-shape.js';
import { eventually } from '../support/eventually.js';
import { readMetrics } from '../support/metrics-text.js';
import { TestService } from '../support/test-service.js';
import { textEvent } from '../support/window-conversations.js';

/** Everyone has all scopes, in the namespace that the key names. */
class NamespaceByKey implements Authenticator {
  authenticate({ authorization }: IncomingHttpHeaders) {
    return { namespace: authorization?.replace('Bearer ', '') ?? 'default', scopes: 'all' as const };
  }
}

const MODEL = 'claude-opus-5';
const BUDGET = { strategy: 'budget' };

let service: TestService;
let node2: TestService;
beforeAll(async () => {
  const replacements = { authenticator: NamespaceByKey };
  service = await TestService.start({ replacements });
  node2 = await TestService.start({ replacements, database: service.database });
});
afterAll(async () => {
  await node2.stop();
  await service.stop();
});

interface Provider {
  factor?: number;
  overhead?: number;
  /** What it calls the model. */
  model?: string;
}

let created = 0;

/** A conversation in a namespace of its own, unless one is given, and the provider that answers in it. */
class Chat {
  private constructor(
    readonly namespace: string,
    readonly id: string,
    readonly provider: Required<Provider>,
  ) {}

  static async start({
    namespace = `n${++created}`,
    settings = {},
    provider = {},
  }: { namespace?: string; settings?: object; provider?: Provider } = {}): Promise<Chat> {
    const id = `chat-${++created}`;
    const chat = new Chat(namespace, id, { factor: 1.3, overhead: 2000, model: MODEL, ...provider });
    const body = { token_budget: 100_000, policy: BUDGET, model: MODEL, ...settings };
    expect((await chat.request('PUT', '', body)).status).toBe(201);
    return chat;
  }

  request(method: string, rest: string, body?: unknown, node = service) {
    const headers = { authorization: `Bearer ${this.namespace}` };
    return node.http.request(method, service.http.path(this.id, rest), { body, headers });
  }

  async window(query = '') {
    return (await this.request('GET', `/window${query}`)).body;
  }

  async say(tokens: number): Promise<void> {
    await this.request('POST', '/events', { event: textEvent('user', 'Question', tokens) });
  }

  answer(usage: unknown, tokens = 10, more: object = {}, node = service) {
    return this.request(
      'POST',
      '/events',
      { event: textEvent('assistant', 'Answer', tokens), usage, ...more },
      node,
    );
  }

  /** What the provider reports for a window. @param times an outlier's factor */
  async usage(times = 1) {
    const { version, messages } = await this.window();
    const counted = countedTokens(messages);
    const { factor, overhead, model } = this.provider;
    return {
      model,
      window_version: Number(version),
      input_tokens: Math.round(times * (overhead + factor * counted)),
    };
  }

  /** A question, and an answer with its report, that the service has processed. */
  async turn(tokens: number, times?: number): Promise<void> {
    await this.say(tokens);
    const before = await outcomes();
    expect((await this.answer(await this.usage(times))).status).toBe(201);
    await processed(before, 1);
  }

  async calibrations(): Promise<any[]> {
    return (await this.calibration('GET', '')).body.calibrations;
  }

  async factor(): Promise<number> {
    return (await this.calibrations())[0]?.factor ?? 1;
  }

  calibration(method: string, rest: string) {
    const headers = { authorization: `Bearer ${this.namespace}` };
    return service.http.request(method, `/v1/calibrations${rest}`, { headers });
  }

  async explained() {
    const id = new ConversationId(this.namespace, this.id);
    const record = await service.app.get(ConversationsService, { strict: false }).get(id);
    return service.app.get(CalibrationService, { strict: false }).of(id, record);
  }
}

/** Tokens of the messages, as the events say. */
function countedTokens(messages: { token_count: number }[]): number {
  return messages.reduce((sum, { token_count }) => sum + token_count, 0);
}

const NAME = 'fastpaca_usage_reports_total';
const OUTCOMES = ['stored', 'ignored', 'dropped', 'failed'] as const;
type Outcomes = Record<(typeof OUTCOMES)[number], number>;

/** How many reports had each outcome, on both nodes. */
async function outcomes(): Promise<Outcomes> {
  const nodes = [await readMetrics(service), await readMetrics(node2)];
  const entries = OUTCOMES.map((outcome) => [
    outcome,
    nodes.reduce((sum, metrics) => sum + metrics.value(NAME, { outcome }), 0),
  ]);
  return Object.fromEntries(entries) as Outcomes;
}

const total = (reports: Outcomes) => OUTCOMES.reduce((sum, outcome) => sum + reports[outcome], 0);

/** Waits until so many more reports have an outcome. @returns how many had each */
async function processed(before: Outcomes, count: number): Promise<Outcomes> {
  await eventually(
    `${count} reports processed`,
    async () => total(await outcomes()) >= total(before) + count,
  );
  const after = await outcomes();
  return Object.fromEntries(
    OUTCOMES.map((outcome) => [outcome, after[outcome] - before[outcome]]),
  ) as Outcomes;
}

const TURNS = [800, 900, 1500, 700, 1100];

describe('five usage reports', () => {
  it('teach the factor of the model, and what is sent with every window', async () => {
    const chat = await Chat.start();
    expect(await chat.calibrations()).toEqual([]);
    for (const tokens of TURNS) await chat.turn(tokens);
    expect(await chat.calibrations()).toEqual([
      { model: MODEL, factor: 1.3, reports: 5, updated_at: expect.any(String) },
    ]);
    expect(await chat.explained()).toEqual({
      factor: 1.3,
      reports: 5,
      overhead: 2000,
      lastReport: { model: MODEL, windowVersion: 9, inputTokens: 8552, estimate: 5040 },
    });
  });

  it('make the window smaller, which then stands still', async () => {
    const chat = await Chat.start({ settings: { token_budget: 6000 } });
    for (const tokens of TURNS) await chat.turn(tokens);
    const window = await chat.window();
    const tokens = countedTokens(window.messages);
    expect(tokens).toBeGreaterThan(0);
    expect(1.3 * tokens).toBeLessThanOrEqual(6000);
    expect(window.messages[0].seq).toBeGreaterThan(1);
    for (const tokens of TURNS) await chat.turn(tokens);
    expect(await chat.factor()).toBe(1.3);
  });

  it('give a window without a new version another ETag', async () => {
    const chat = await Chat.start();
    const reader = await Chat.start({ namespace: chat.namespace });
    await reader.say(50);
    const etag = async () => (await reader.request('GET', '/window')).headers.get('etag');
    const before = await etag();
    for (const tokens of TURNS) await chat.turn(tokens);
    expect(await etag()).not.toBe(before);
    expect(await etag()).toBe(await etag());
  });

  it('teach the same with an outlier among them', async () => {
    for (const position of [0, 2, 4]) {
      const chat = await Chat.start();
      for (const [index, tokens] of TURNS.entries()) await chat.turn(tokens, index === position ? 3 : 1);
      expect(Math.abs((await chat.factor()) / 1.3 - 1)).toBeLessThanOrEqual(0.03);
    }
  });

  it('apply in all conversations of the namespace with that model, and in no other namespace', async () => {
    const chat = await Chat.start();
    for (const tokens of TURNS) await chat.turn(tokens);
    const sameNamespace = await Chat.start({ namespace: chat.namespace });
    const otherModel = await Chat.start({ namespace: chat.namespace, settings: { model: 'gpt-5' } });
    const otherNamespace = await Chat.start();
    expect((await sameNamespace.explained()).factor).toBe(1.3);
    expect((await otherModel.explained()).factor).toBe(1);
    expect((await otherNamespace.explained()).factor).toBe(1);
    expect(await otherNamespace.calibrations()).toEqual([]);
  });

  it('count for the model of the conversation, if the provider adds a release to its name', async () => {
    const chat = await Chat.start({ provider: { model: `${MODEL}-20260301` } });
    for (const tokens of TURNS) await chat.turn(tokens);
    expect(await chat.calibrations()).toMatchObject([{ model: MODEL, factor: 1.3 }]);
  });
});

describe('a usage report', () => {
  it('is kept but teaches nothing, if the conversation has no model or another one', async () => {
    for (const settings of [{ model: null }, { model: 'gpt-5' }]) {
      const chat = await Chat.start({ settings });
      for (const tokens of TURNS) await chat.turn(tokens);
      expect(await chat.calibrations()).toEqual([]);
      expect(await chat.explained()).toMatchObject({
        factor: 1,
        reports: 0,
        lastReport: { model: MODEL, windowVersion: 9, estimate: 5040 },
      });
    }
  });

  it('is measured at the version of its window, also before a compaction', async () => {
    const chat = await Chat.start();
    await chat.say(500);
    await chat.say(700);
    const usage = await chat.usage();
    await chat.request('POST', '/compact', {
      from_seq: 1,
      to_seq: 1,
      replacement: [textEvent('system', 'Summary', 5)],
    });
    const before = await outcomes();
    await chat.answer(usage);
    await processed(before, 1);
    expect((await chat.explained()).lastReport).toMatchObject({ windowVersion: 2, estimate: 1200 });
  });

  it('is ignored for a window that is not before the answer, and the answer is stored', async () => {
    const chat = await Chat.start();
    await chat.say(500);
    for (const ahead of [1, 2, 999_999]) {
      const before = await outcomes();
      const usage = await chat.usage();
      const answer = await chat.answer({ ...usage, window_version: usage.window_version + ahead });
      expect(answer.status).toBe(201);
      expect(await processed(before, 1)).toMatchObject({ ignored: 1 });
    }
    expect((await chat.explained()).lastReport).toBeUndefined();
    expect((await chat.request('GET', '/events')).body.events).toHaveLength(4);
  });

  it('counts once if the append is repeated', async () => {
    const chat = await Chat.start();
    await chat.say(500);
    const before = await outcomes();
    const usage = await chat.usage();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const { status } = await chat.answer(usage, 10, { idempotency_key: 'answer' });
      expect(status).toBe(201);
    }
    await chat.turn(100);
    expect(await processed(before, 2)).toMatchObject({ stored: 2 });
    expect((await chat.calibrations())[0].reports).toBe(2);
  });

  it('is validated: 400 names every field, and nothing is stored', async () => {
    const chat = await Chat.start();
    const rejected = await chat.answer({ model: '', window_version: -1, input_tokens: 1.5, tokens: 3 });
    expectError(rejected, 400);
    expect(rejected.body.details.map(({ path }: any) => path)).toEqual([
      'usage.tokens',
      'usage.model',
      'usage.window_version',
      'usage.input_tokens',
    ]);
    expectError(await chat.answer([]), 400);
    expect((await chat.request('GET', '')).body.version).toBe(0);
    expect((await chat.answer(null)).status).toBe(201);
  });
});

describe('reports at several nodes at once', () => {
  it('are all counted, and teach the factor', async () => {
    const first = await Chat.start();
    const chats = [first];
    while (chats.length < 6) chats.push(await Chat.start({ namespace: first.namespace }));
    const before = await outcomes();
    await Promise.all(
      chats.map(async (chat, index) => {
        for (const [turn, tokens] of TURNS.entries()) {
          await chat.say(tokens + 37 * index);
          const node = (index + turn) % 2 === 0 ? service : node2;
          expect((await chat.answer(await chat.usage(), 10, {}, node)).status).toBe(201);
        }
      }),
    );
    expect(await processed(before, 30)).toMatchObject({ stored: 30, failed: 0 });
    expect(await first.calibrations()).toMatchObject([{ model: MODEL, factor: 1.3, reports: 30 }]);
  });

  it('of one conversation are all counted', async () => {
    const chat = await Chat.start();
    await chat.say(500);
    const usage = await chat.usage();
    const before = await outcomes();
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => chat.answer(usage, 10, {}, index % 2 === 0 ? service : node2)),
    );
    expect(await processed(before, 20)).toMatchObject({ stored: 20 });
    expect((await chat.calibrations())[0].reports).toBe(20);
  });
});

describe('reports that arrive faster than they are processed', () => {
  it('are dropped while 256 wait, and the answers are stored', async () => {
    const chat = await Chat.start();
    await chat.turn(500);
    const usage = await chat.usage();
    const before = await outcomes();
    const lock = new pg.Client(service.database.url);
    await lock.connect();
    try {
      await lock.query('BEGIN');
      await lock.query('SELECT FROM fastpaca.calibrations WHERE namespace = $1 FOR UPDATE', [chat.namespace]);
      for (let count = 0; count < 300; count += 1) expect((await chat.answer(usage)).status).toBe(201);
      expect(await processed(before, 43)).toEqual({ stored: 0, ignored: 0, dropped: 43, failed: 0 });
    } finally {
      await lock.end();
    }
    expect(await processed(before, 300)).toEqual({ stored: 257, ignored: 0, dropped: 43, failed: 0 });
    expect((await chat.request('GET', '')).body.last_seq).toBe(302);
  });
});

describe('DELETE /v1/calibrations/:model', () => {
  it('forgets the model until enough new reports have arrived, and may be repeated', async () => {
    const chat = await Chat.start();
    const sibling = await Chat.start({ namespace: chat.namespace });
    const other = await Chat.start();
    for (const tokens of TURNS) await chat.turn(tokens);
    for (const tokens of TURNS) await sibling.turn(3 * tokens);
    for (const tokens of TURNS) await other.turn(tokens);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const reset = await chat.calibration('DELETE', `/${MODEL}`);
      expect([reset.status, reset.text]).toEqual([204, '']);
    }
    expect(await chat.calibrations()).toEqual([]);
    expect((await chat.explained()).factor).toBe(1);
    expect(await other.factor()).toBe(1.3);
    chat.provider.factor = 0.9;
    for (const tokens of TURNS.slice(1)) {
      await chat.turn(tokens);
      expect(await chat.factor()).toBe(1);
    }
    await chat.turn(950);
    expect(await chat.factor()).toBe(0.9);
  });

  it('takes names with slashes and spaces, percent-encoded', async () => {
    const model = 'anthropic/claude opus:5';
    const chat = await Chat.start({ settings: { model }, provider: { model } });
    await chat.turn(100);
    expect(await chat.calibrations()).toMatchObject([{ model, reports: 1 }]);
    expect((await chat.calibration('DELETE', `/${encodeURIComponent(model)}`)).status).toBe(204);
    expect(await chat.calibrations()).toEqual([]);
  });

  it('rejects names that no model can have, and unknown parameters', async () => {
    const chat = await Chat.start();
    const rejected = await chat.calibration('DELETE', '/a%0Ab');
    expectError(rejected, 400);
    expect(rejected.body.details).toMatchObject([{ path: 'model' }]);
    expectError(await chat.calibration('DELETE', '/m?force=true'), 400);
    expectError(await chat.calibration('GET', '?limit=1'), 400);
  });
});
