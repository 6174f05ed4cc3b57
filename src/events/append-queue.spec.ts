import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConversationId } from '../common/conversation-id.js';
import { UnavailableError } from '../common/errors/common.errors.js';
import { AppConfig } from '../config/app-config.js';
import { AppendQueue } from './append-queue.js';
import type { NewEvent } from './event-normalizer.js';
import type { AppendedEvent, EventLogRepository } from './event-log.repository.js';
import type { TurnToWrite } from './turn-to-write.js';

const A = new ConversationId('default', 'a');
const B = new ConversationId('default', 'b');
const C = new ConversationId('default', 'c');

interface Statement {
  /** The body of each turn. Every turn has one event. */
  turns: string[];
  resolve: (outcome: unknown) => void;
  reject: (error: Error) => void;
}

/** A log whose statements stay in flight until the test ends them. */
class FakeLog {
  readonly statements: Statement[] = [];

  append(turn: TurnToWrite): Promise<AppendedEvent[]> {
    return this.statement([turn]) as Promise<AppendedEvent[]>;
  }

  appendBatch(turns: readonly TurnToWrite[]): Promise<(AppendedEvent[] | undefined)[]> {
    return this.statement(turns) as Promise<(AppendedEvent[] | undefined)[]>;
  }

  private statement(turns: readonly TurnToWrite[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.statements.push({ turns: turns.map(({ events }) => events[0]!.body), resolve, reject });
    });
  }

  /** The turns of each statement so far. */
  get sent(): string[][] {
    return this.statements.map(({ turns }) => turns);
  }

  /** Ends the statement as if it had written every turn. The returned rows encode the body of their turn. */
  async write(index: number): Promise<void> {
    const { turns, resolve } = this.statements[index]!;
    const outcomes = turns.map((body) => written(body));
    resolve(turns.length === 1 ? outcomes[0] : outcomes);
    await settled();
  }

  async end(index: number, outcome: unknown): Promise<void> {
    const { resolve, reject } = this.statements[index]!;
    if (outcome instanceof Error) reject(outcome);
    else resolve(outcome);
    await settled();
  }
}

const written = (body: string): AppendedEvent[] => [
  { seq: body.charCodeAt(1), version: body.charCodeAt(0), tokenEstimate: 1 },
];

const event = (body: string, pinned = false): NewEvent => ({
  role: 'user',
  body,
  tokenEstimate: 1,
  partTokens: null,
  outline: '1',
  pinned,
});
const turn = (body: string, more: { ifVersion?: number; idempotencyKey?: string } = {}) => ({
  events: [event(body)],
  model: null,
  ...more,
});

function queueOn(log: FakeLog, { limit = 100, timeoutMs = 20_000 } = {}): AppendQueue {
  const config = AppConfig.fromEnvironment({
    FASTPACA_APPEND_QUEUE_LIMIT: String(limit),
    FASTPACA_DATABASE_TIMEOUT_MS: String(timeoutMs),
  });
  return new AppendQueue(log as unknown as EventLogRepository, config);
}

/** Runs all pending promise callbacks, over several turns of the event loop. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 4; turns += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('AppendQueue', () => {
  // The queue reads the clock and starts a timer per statement. Time passes only when a test advances it.
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('writes a turn that arrives alone with the single-turn statement', async () => {
    const log = new FakeLog();
    const appended = queueOn(log).append(A, turn('a1'));
    await settled();
    expect(log.sent).toEqual([['a1']]);
    await log.write(0);
    expect(await appended).toEqual(written('a1'));
  });

  it('writes turns that arrive together in one statement, in order of arrival, and resolves each with its own rows', async () => {
    const log = new FakeLog();
    const queue = queueOn(log);
    const all = [queue.append(A, turn('a1')), queue.append(B, turn('b1')), queue.append(A, turn('a2'))];
    await settled();
    expect(log.sent).toEqual([['a1', 'b1', 'a2']]);
    await log.write(0);
    expect(await Promise.all(all)).toEqual(['a1', 'b1', 'a2'].map(written));
  });

  it('batches turns that arrive while two statements are in flight, in order of arrival', async () => {
    const log = new FakeLog();
    const queue = queueOn(log);
    const all = [];
    for (const [id, body] of [
      [A, 'a1'],
      [B, 'b1'],
      [C, 'c1'],
      [C, 'c2'],
    ] as const) {
      all.push(queue.append(id, turn(body)));
      await settled();
    }
    expect(log.sent).toEqual([['a1'], ['b1']]);
    await log.write(0);
    expect(log.sent).toEqual([['a1'], ['b1'], ['c1', 'c2']]);
    await log.write(1);
    await log.write(2);
    expect(await Promise.all(all)).toEqual(['a1', 'b1', 'c1', 'c2'].map(written));
  });

  it('keeps at most one statement in flight per conversation', async () => {
    const log = new FakeLog();
    const queue = queueOn(log);
    const all = [queue.append(A, turn('a1'))];
    await settled();
    all.push(queue.append(A, turn('a2')), queue.append(B, turn('b1')));
    await settled();
    expect(log.sent).toEqual([['a1'], ['b1']]);
    await log.write(0);
    expect(log.sent).toEqual([['a1'], ['b1'], ['a2']]);
    await log.write(1);
    await log.write(2);
    await Promise.all(all);
  });

  it('writes a turn with if_version or a repeated key in a later statement than the turns before it', async () => {
    const log = new FakeLog();
    const queue = queueOn(log);
    const all = [
      queue.append(A, turn('a1', { ifVersion: 0, idempotencyKey: 'k' })),
      queue.append(A, turn('a2', { idempotencyKey: 'l' })),
      queue.append(A, turn('a3', { idempotencyKey: 'k' })),
      queue.append(A, turn('a4', { ifVersion: 3 })),
      queue.append(B, turn('b1', { ifVersion: 0, idempotencyKey: 'k' })),
    ];
    await settled();
    await log.write(0);
    await log.write(1);
    await log.write(2);
    expect(log.sent).toEqual([['a1', 'a2', 'b1'], ['a3'], ['a4']]);
    await Promise.all(all);
  });

  it('writes a turn with a pinned event alone, after the turns before it', async () => {
    const log = new FakeLog();
    const queue = queueOn(log);
    const pinned = (body: string) => ({ ...turn(body), events: [event(body, true)] });
    const all = [
      queue.append(A, turn('a1')),
      queue.append(A, pinned('a2')),
      queue.append(A, turn('a3')),
      queue.append(B, turn('b1')),
      queue.append(B, pinned('b2')),
    ];
    await settled();
    expect(log.sent).toEqual([['a1', 'b1']]);
    await log.write(0);
    expect(log.sent).toEqual([['a1', 'b1'], ['a2'], ['b2']]);
    await log.write(1);
    expect(log.sent).toEqual([['a1', 'b1'], ['a2'], ['b2'], ['a3']]);
    await log.write(2);
    await log.write(3);
    expect(await Promise.all(all)).toEqual(['a1', 'a2', 'a3', 'b1', 'b2'].map(written));
  });

  it('resolves a rejected turn with no rows, and the other turns of its batch with their rows', async () => {
    const log = new FakeLog();
    const queue = queueOn(log);
    const [rejected, other] = [queue.append(A, turn('a1')), queue.append(B, turn('b1'))];
    await settled();
    await log.end(0, [[], written('b1')]);
    expect(await rejected).toEqual([]);
    expect(await other).toEqual(written('b1'));
  });

  it('writes an undecided turn alone, and delays only its own conversation', async () => {
    const log = new FakeLog();
    const queue = queueOn(log);
    const locked = queue.append(A, turn('a1'));
    const other = queue.append(B, turn('b1'));
    await settled();
    await log.end(0, [undefined, written('b1')]);
    expect(await other).toEqual(written('b1'));
    const sameConversation = queue.append(A, turn('a2'));
    const otherConversations = [queue.append(B, turn('b2')), queue.append(C, turn('c1'))];
    await settled();
    expect(log.sent).toEqual([['a1', 'b1'], ['a1'], ['b2', 'c1']]);
    await log.write(2);
    expect(await Promise.all(otherConversations)).toEqual(['b2', 'c1'].map(written));
    await log.write(1);
    expect(await locked).toEqual(written('a1'));
    await log.write(3);
    expect(log.sent[3]).toEqual(['a2']);
    expect(await sameConversation).toEqual(written('a2'));
  });

  it('writes every turn alone if the database reports an error in one turn of a batch', async () => {
    const log = new FakeLog();
    const queue = queueOn(log);
    const good = queue.append(A, turn('a1'));
    const bad = expect(queue.append(B, turn('b1'))).rejects.toThrow('duplicate key');
    await settled();
    await log.end(0, new Error('duplicate key in one turn'));
    expect(log.sent).toEqual([['a1', 'b1'], ['a1'], ['b1']]);
    await log.write(1);
    await log.end(2, new Error('duplicate key'));
    expect(await good).toEqual(written('a1'));
    await bad;
  });

  it('rejects every turn of a batch with an unknown outcome, and writes none of them again', async () => {
    const log = new FakeLog();
    const queue = queueOn(log);
    const all = [queue.append(A, turn('a1')), queue.append(B, turn('b1'))].map((append) =>
      expect(append).rejects.toThrow('away'),
    );
    await settled();
    await log.end(0, new UnavailableError('away'));
    await Promise.all(all);
    expect(log.sent).toHaveLength(1);
  });

  it('rejects only the turn that failed, and continues with the next turn', async () => {
    const log = new FakeLog();
    const queue = queueOn(log);
    const first = expect(queue.append(A, turn('a1'))).rejects.toThrow('no');
    await settled();
    const second = queue.append(A, turn('a2'));
    await log.end(0, new Error('no'));
    await first;
    await log.write(1);
    expect(await second).toEqual(written('a2'));
  });

  it('starts another statement when one has been in flight for 100 ms', async () => {
    const log = new FakeLog();
    const queue = queueOn(log);
    const all = [queue.append(A, turn('a1'))];
    await settled();
    all.push(queue.append(B, turn('b1')));
    await settled();
    all.push(queue.append(C, turn('c1')));
    await settled();
    expect(log.sent).toEqual([['a1'], ['b1']]);
    jest.advanceTimersByTime(100);
    await settled();
    expect(log.sent).toEqual([['a1'], ['b1'], ['c1']]);
    for (const index of [0, 1, 2]) await log.write(index);
    await Promise.all(all);
  });

  it('writes a large turn alone', async () => {
    const log = new FakeLog();
    const queue = queueOn(log);
    const large = `b${'x'.repeat(1024 * 1024)}`;
    const all = [queue.append(A, turn('a1')), queue.append(B, turn(large)), queue.append(C, turn('c1'))];
    await settled();
    expect(log.sent).toEqual([['a1', 'c1'], [large]]);
    for (const index of [0, 1]) await log.write(index);
    await Promise.all(all);
  });

  it('rejects a turn that has waited past the time limit without writing it, and continues', async () => {
    const log = new FakeLog();
    const queue = queueOn(log, { timeoutMs: 100 });
    const slow = queue.append(A, turn('a1'));
    await settled();
    const expired = expect(queue.append(A, turn('a2'))).rejects.toThrow(UnavailableError);
    jest.advanceTimersByTime(150);
    const next = queue.append(A, turn('a3'));
    await log.write(0);
    await Promise.all([slow, expired]);
    expect(log.sent).toEqual([['a1'], ['a3']]);
    await log.write(1);
    expect(await next).toEqual(written('a3'));
  });

  it('rejects undecided turns of a batch, too, once those before them have taken past the time limit', async () => {
    const log = new FakeLog();
    const queue = queueOn(log, { timeoutMs: 100 });
    const first = expect(queue.append(A, turn('a1'))).rejects.toThrow('locked');
    const second = expect(queue.append(A, turn('a2'))).rejects.toThrow(UnavailableError);
    await settled();
    await log.end(0, [undefined, undefined]);
    expect(log.sent).toEqual([['a1', 'a2'], ['a1']]);
    jest.advanceTimersByTime(150);
    await log.end(1, new Error('locked'));
    await Promise.all([first, second]);
    expect(log.sent).toHaveLength(2);
  });

  it('rejects turns whose write throws an unexpected error, and continues with all conversations', async () => {
    const log = new FakeLog();
    const queue = queueOn(log);
    const bug = () => {
      throw new TypeError('a bug');
    };
    const { append, appendBatch } = log as { append: unknown; appendBatch: unknown };
    Object.assign(log, { append: bug, appendBatch: bug });
    const failed = [A, A, B, C].map((id) => expect(queue.append(id, turn('x'))).rejects.toThrow('a bug'));
    await settled();
    await Promise.all(failed);
    Object.assign(log, { append, appendBatch });
    for (const [index, id] of [A, B, C].entries()) {
      const next = queue.append(id, turn('y'));
      await settled();
      await log.write(index);
      expect(await next).toEqual(written('y'));
    }
  });

  it('rejects turns above the limit of pending turns of all conversations, until a turn completes', async () => {
    const log = new FakeLog();
    const queue = queueOn(log, { limit: 2 });
    const all = [queue.append(A, turn('a1')), queue.append(A, turn('a2'))];
    await expect(queue.append(B, turn('b1'))).rejects.toThrow(UnavailableError);
    await settled();
    await log.write(0);
    await Promise.all(all);
    const later = queue.append(B, turn('b2'));
    await settled();
    await log.write(1);
    expect(await later).toEqual(written('b2'));
    expect(log.sent).toEqual([['a1', 'a2'], ['b2']]);
  });
});
