import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { messageTokens, modelWindow } from '../support/window-model/index.js';
import { TestService } from '../support/test-service.js';

interface Message {
  role: string;
  content: string | null;
  tool_calls?: { id: string; type: 'function'; function: { name: string; arguments: string } }[];
  tool_call_id?: string;
  name?: string;
}

interface RecordedConversation {
  id: string;
  messages: Message[];
}

interface Event {
  role: string;
  parts: Record<string, unknown>[];
}

/** An event as `GET …/events` returns it. */
interface LoggedEvent extends Event {
  seq: number;
  token_estimate: number;
  inserted_at: string;
}

const BUDGETS = [2_000, 8_000, 128_000];
const LIMIT = 20;
const POLICIES: Record<string, object> = {
  last_n: { limit: LIMIT },
  budget: {},
  strip_tool_results: { limit: LIMIT },
};

const SAMPLE = new URL('../fixtures/airline-conversations.jsonl', import.meta.url);
const conversations = readConversations(process.env.AIRLINE_DATA ?? SAMPLE);

describe('recorded conversations of an airline agent', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await TestService.start();
  });

  afterAll(() => service.stop());

  it('cover every message shape', () => {
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

  it.each(conversations)('are returned unchanged by the log ($id)', async ({ index, messages }) => {
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

  it.each(conversations)(
    'produce windows that match the policy and the budget ($id)',
    async ({ index, messages }) => {
      const id = `window-${index}`;
      await append(id, messages.map(toEvent), index);
      const log = await readLog(id);
      for (const [strategy, config] of Object.entries(POLICIES)) {
        expect((await service.http.put(id, { policy: { strategy, config } })).status).toBe(200);
        for (const budget of BUDGETS) {
          const { status, body } = await service.http.window(id, `?budget_tokens=${budget}`);
          expect(status).toBe(200);
          expectWindow(body, log, { strategy, config }, budget);
        }
      }
    },
  );

  /** Appends one event per request, in batches, or in batches that are sent twice with an idempotency key. */
  async function append(id: string, events: Event[], index: number): Promise<unknown[]> {
    await service.http.put(id, { token_budget: 128_000 });
    const mode = index % 3;
    const size = [1, 100, 7][mode]!;
    const appended: unknown[] = [];
    for (let at = 0; at < events.length; at += size) {
      const turn = events.slice(at, at + size);
      const body = {
        ...(mode === 0 ? { event: turn[0] } : { events: turn }),
        ...(mode === 2 && { idempotency_key: `turn-${at}` }),
      };
      const response = await service.http.append(id, body);
      expect(response.status).toBe(201);
      if (mode === 2) {
        const repeated = await service.http.append(id, body);
        expect(repeated.status).toBe(201);
        expect(repeated.body).toEqual({ ...response.body, deduped: true });
      }
      appended.push(...(response.body.events ?? [response.body]));
    }
    return appended;
  }

  async function readLog(id: string): Promise<LoggedEvent[]> {
    const { status, body } = await service.http.events(id, '?from_seq=1');
    expect(status).toBe(200);
    return body.events;
  }
});

function readConversations(file: string | URL): (RecordedConversation & { index: number })[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => ({ ...(JSON.parse(line) as RecordedConversation), index }));
}

/** Converts a message of the chat format to an event with text and tool calls, or with a tool result. */
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

/** Asserts that the window is that of the reference model. No policy, budget or repair may leave anything else out. */
function expectWindow(
  { prefix, ...window }: any,
  log: LoggedEvent[],
  policy: { strategy: string; config: object },
  budget: number,
): void {
  const events = log.map(({ seq, role, parts, inserted_at: insertedAt }) => ({
    seq,
    event: { role, parts },
    insertedAt,
  }));
  const conversation = { tokenBudget: 128_000, triggerRatio: 0.7, ...policy };
  const { prefix: start, ...expected } = modelWindow(events, [], conversation, { budgetTokens: budget });
  expect(window).toEqual({ version: log.length, ...expected });
  expect(prefix).toMatchObject(start);
}
