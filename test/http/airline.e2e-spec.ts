import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { messageTokens } from '../support/window-model.js';
import { TestService } from '../support/test-service.js';

interface Message {
  role: string;
  content: string | null;
  tool_calls?: { id: string; type: 'function'; function: { name: string; arguments: string } }[];
  tool_call_id?: string;
  name?: string;
}

interface Recorded {
  id: string;
  messages: Message[];
}

interface Event {
  role: string;
  parts: Record<string, unknown>[];
}

/** An event as `GET …/events` returns it. */
interface Logged extends Event {
  seq: number;
  token_estimate: number;
  inserted_at: string;
}

const BUDGETS = [2_000, 8_000, 128_000];
const LIMIT = 20;
const POLICIES: Record<string, { config: object; snapshot: (log: Logged[]) => Logged[] }> = {
  last_n: { config: { limit: LIMIT }, snapshot: (log) => log.slice(-LIMIT) },
  budget: { config: {}, snapshot: (log) => log },
  strip_tool_results: {
    config: { limit: LIMIT },
    // In these recordings a tool result is a separate message: an event is dropped as a whole or kept.
    snapshot: (log) =>
      log
        .filter((event) => !isToolResult(event))
        .map((event) => ({ ...event, token_estimate: messageTokens(event.role, event.parts) }))
        .slice(-LIMIT),
  },
};

const SAMPLE = new URL('../fixtures/airline-conversations.jsonl', import.meta.url);
const conversations = readConversations(process.env.AIRLINE_DATA ?? SAMPLE);

describe('recorded conversations of an airline agent', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await TestService.start();
  });

  afterAll(() => service.stop());

  it('include every shape of a message in the sample', () => {
    const shapes = readConversations(SAMPLE).flatMap(({ messages }) =>
      messages.map(({ role, content, tool_calls: calls }) =>
        [role, content === null ? 'null' : content === '' ? 'empty' : 'text', calls ? 'calls' : ''].join(' '),
      ),
    );
    expect([...new Set(shapes)].sort()).toEqual([
      'assistant null calls',
      'assistant text ',
      'assistant text calls',
      'system text ',
      'tool empty ',
      'tool text ',
      'user text ',
    ]);
  });

  it.each(conversations)('are returned by the log as they were sent ($id)', async ({ index, messages }) => {
    const id = `log-${index}`;
    const events = messages.map(toEvent);
    const appended = await append(id, events, index);
    const log = await readLog(id);

    expect(log).toEqual(
      events.map((event, at) => ({
        ...event,
        seq: at + 1,
        version: at + 1,
        token_estimate: messageTokens(event.role, event.parts),
        inserted_at: expect.any(String),
      })),
    );
    expect(appended).toEqual(log.map(({ seq, token_estimate }) => ({ seq, version: seq, token_estimate })));
    expect((await service.http.get(id)).body).toMatchObject({
      version: events.length,
      last_seq: events.length,
    });
  });

  it.each(conversations)('have windows that follow policy and budget ($id)', async ({ index, messages }) => {
    const id = `window-${index}`;
    await append(id, messages.map(toEvent), index);
    const log = await readLog(id);
    for (const [strategy, { config, snapshot: select }] of Object.entries(POLICIES)) {
      expect((await service.http.put(id, { policy: { strategy, config } })).status).toBe(200);
      const snapshot = select(log);
      for (const budget of BUDGETS) {
        const { status, body } = await service.http.window(id, `?budget_tokens=${budget}`);
        expect(status).toBe(200);
        expectPromises(body, log, snapshot, budget);
      }
    }
  });

  /** Appends one by one, in batches, or in batches under a key that are each sent twice. */
  async function append(id: string, events: Event[], index: number): Promise<unknown[]> {
    await service.http.put(id, { token_budget: 128_000 });
    const way = index % 3;
    const size = [1, 100, 7][way]!;
    const appended: unknown[] = [];
    for (let at = 0; at < events.length; at += size) {
      const turn = events.slice(at, at + size);
      const body = {
        ...(way === 0 ? { event: turn[0] } : { events: turn }),
        ...(way === 2 && { idempotency_key: `turn-${at}` }),
      };
      const answer = await service.http.append(id, body);
      expect(answer.status).toBe(201);
      if (way === 2) {
        const again = await service.http.append(id, body);
        expect(again.status).toBe(201);
        expect(again.body).toEqual({ ...answer.body, deduped: true });
      }
      appended.push(...(answer.body.events ?? [answer.body]));
    }
    return appended;
  }

  async function readLog(id: string): Promise<Logged[]> {
    const { status, body } = await service.http.events(id, '?from_seq=1');
    expect(status).toBe(200);
    return body.events;
  }
});

function readConversations(file: string | URL): (Recorded & { index: number })[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => ({ ...(JSON.parse(line) as Recorded), index }));
}

/** A message of the chat format as an event: what it says and what it calls, or what a call gave. */
function toEvent({ role, content, tool_calls: calls = [], tool_call_id, name }: Message): Event {
  if (role === 'tool') return { role, parts: [{ type: 'tool_result', tool_call_id, name, content }] };
  return {
    role,
    parts: [
      ...(content === null ? [] : [{ type: 'text', text: content }]),
      ...calls.map((call) => ({
        type: 'tool_call',
        id: call.id,
        name: call.function.name,
        arguments: call.function.arguments,
      })),
    ],
  };
}

/** The newest of the snapshot that fit, whole, contiguous and as many as possible, without results whose call is missing. */
function expectPromises(window: any, log: Logged[], snapshot: Logged[], budget: number): void {
  const fitting = snapshot.filter((_, at) => tokens(snapshot.slice(at)) <= budget);
  // Results whose call did not fit, or was trimmed, go too; nothing older takes their place.
  const start = fitting.findIndex((event) => event.seq === 1 || !isToolResult(event));
  const expected = start === -1 ? [] : fitting.slice(start);

  expect(window.used_tokens).toBeLessThanOrEqual(budget);
  expect(window.messages.map(({ seq }: Logged) => seq)).toEqual(expected.map(({ seq }) => seq));
  expect(window).toEqual({
    version: log.length,
    messages: expected.map(({ seq, role, parts, inserted_at }) => ({ seq, role, parts, inserted_at })),
    used_tokens: tokens(expected),
    needs_compaction: tokens(snapshot) * 10 > budget * 7,
    segments:
      expected.length === 0
        ? []
        : [{ type: 'live', from_seq: expected[0]!.seq, to_seq: expected.at(-1)!.seq }],
    budget_tokens: budget,
  });
}

function isToolResult({ role, parts }: Event): boolean {
  return role === 'tool' || parts.every(({ type }) => type === 'tool_result');
}

function tokens(events: Logged[]): number {
  return events.reduce((sum, { token_estimate }) => sum + token_estimate, 0);
}
