import { describe, expect, it } from '@jest/globals';
import { groupEvents, type OutlinedEvent, type OutlineTool } from '@fastpaca/messages';
import fc from 'fast-check';
import type { SeqRange } from '../events/stored-event.js';
import { isSameRange, wholeRange, type CompactedLog } from './whole-range.js';

/** An event from a word: `u` starts a turn, `r` is reasoning; otherwise calls and results: `+a`, `-a`, `+a+b`, `+` without an id. */
function outlined(word: string, index: number): OutlinedEvent {
  const tools = [...word.matchAll(/([+-])([a-z]?)/g)].map(([, sign, id]): OutlineTool => ({
    kind: sign === '+' ? 'call' : 'result',
    id: id === '' ? undefined : id,
    isProviderExecuted: false,
  }));
  const outline = {
    tools,
    isReasoning: word === 'r',
    isApproval: false,
    startsTurn: word === 'u',
    isIllFormed: false,
    contentForm: undefined,
  };
  return { seq: index + 1, outline };
}

const range = (text: string): SeqRange => {
  const [fromSeq = 0, toSeq = fromSeq] = text.split('-').map(Number);
  return { fromSeq, toSeq };
};

/** A log with active compactions, and the events that were read from it. */
class Log implements CompactedLog {
  readonly events: OutlinedEvent[];
  readonly active: SeqRange[];
  readonly withdrawn: SeqRange[] = [];
  readonly reads: number[] = [];

  constructor(words: readonly string[], ...active: string[]) {
    this.events = words.map(outlined);
    this.active = active.map(range);
  }

  get lastSeq(): number {
    return this.events.length;
  }

  async whole(requested: string): Promise<string> {
    const { fromSeq, toSeq } = await this.wholeOf(range(requested));
    return `${fromSeq}-${toSeq}`;
  }

  wholeOf(requested: SeqRange): Promise<SeqRange> {
    return wholeRange(requested, this, async (ranges) => {
      const events = this.events.filter(({ seq }) => ranges.some((each) => contains(each, seq)));
      this.reads.push(events.length);
      return Promise.resolve(events);
    });
  }

  /** The parts that a range must not cut through. */
  partsFor(requested: SeqRange): SeqRange[] {
    const isIn = (ranges: SeqRange[], seq: number) => ranges.some((each) => contains(each, seq));
    const events = this.events.filter(
      ({ seq }) => (contains(requested, seq) || !isIn(this.active, seq)) && !isIn(this.withdrawn, seq),
    );
    return [...groupEvents(events), ...this.active];
  }
}

const contains = ({ fromSeq, toSeq }: SeqRange, seq: number) => seq >= fromSeq && seq <= toSeq;

const cutsThrough = (part: SeqRange, { fromSeq, toSeq }: SeqRange) =>
  part.fromSeq <= toSeq && part.toSeq >= fromSeq && (part.fromSeq < fromSeq || part.toSeq > toSeq);

const filler = (count: number) => Array.from({ length: count }, () => 'a');

describe('wholeRange', () => {
  it.each([
    ['no group is cut', ['u', '+a', '-a', 'a'], '2-3', '2-3'],
    ['the end lies between a call and its result', ['u', '+a', '-a', 'a'], '1-2', '1-3'],
    ['the start lies between a call and its result', ['u', '+a', '-a', 'a'], '3-4', '2-4'],
    ['both ends cut groups', ['u', '+a', '-a', 'a', '+b', '-b', 'a'], '3-5', '2-6'],
    ['the range lies inside a group', ['u', '+a', 'a', 'a', '-a'], '3-3', '2-5'],
    ['one of several results is outside', ['+a+b', '-a', '-b', 'a'], '1-2', '1-3'],
    ['groups overlap', ['+a', '+b', '-a', '-b'], '1-1', '1-4'],
    ['a reasoning event is outside', ['u', 'r', 'a', 'u'], '3-4', '2-4'],
    ['reasoning is inside and its follower is not', ['u', 'r', 'r', '+a', '-a', 'u'], '1-2', '1-5'],
    ['ids repeat in later turns', ['+a', '-a', 'u', '+a', '-a', 'u', '+a', '-a'], '1-4', '1-5'],
    ['the call has no result yet', ['u', '+a'], '1-2', '1-2'],
    ['the result has no call', ['-a', 'u', 'a'], '2-3', '2-3'],
    ['a result without an id has one open call', ['u', '+', '-', 'a'], '1-2', '1-3'],
    ['a result without an id has several open calls', ['u', '+', '+', '-'], '1-2', '1-2'],
  ])('widens the range as needed if %s', async (_, words, requested, expected) => {
    expect(await new Log(words).whole(requested)).toBe(expected);
  });

  it.each([
    ['contains a compaction between a call and its result', ['+a', 'a', 'a', '-a'], ['2-3'], '4-4', '1-4'],
    ['contains a compaction that the wider range meets', ['+a', 'a', '-a', 'a', 'a'], ['3-5'], '1-2', '1-2'],
    ['widens at a split group if an active compaction is repeated', ['u', '+a', '-a'], ['1-2'], '1-2', '1-3'],
    [
      'ignores groups that another active compaction has split',
      ['u', '+a', '-a', 'u'],
      ['1-2'],
      '3-4',
      '3-4',
    ],
    [
      'widens again at a group that a compaction in the wider range has split',
      ['a', '+a', 'a', '+b', 'a', '-a', 'u', '-b', 'a'],
      ['3-4'],
      '6-6',
      '2-8',
    ],
  ])('%s', async (_, words, active, requested, expected) => {
    expect(await new Log(words, ...active).whole(requested)).toBe(expected);
  });

  it('lets withdrawn events be in no group, also in a range that covers them again', async () => {
    const words = ['u', '+a', 'u', '-a', 'u'];
    const log = new Log(words, '2-3');
    log.withdrawn.push(range('2-3'));
    expect(await log.whole('1-3')).toBe('1-3');
    expect(await new Log(words, '2-3').whole('1-3')).toBe('1-4');
  });

  it('searches 256 events before and after each end', async () => {
    const near = ['+a', ...filler(255), '-a', 'u'];
    expect(await new Log(near).whole('257-258')).toBe('1-258');
    const far = ['+a', ...filler(256), '-a', 'u'];
    expect(await new Log(far).whole('258-259')).toBe('258-259');
    expect(await new Log(near).whole('1-1')).toBe('1-257');
    expect(await new Log(far).whole('1-1')).toBe('1-1');
  });

  it('counts only live events and those in the range', async () => {
    const log = new Log(['+a', ...filler(1000), '-a'], '2-1001');
    expect(await log.whole('1002-1002')).toBe('1-1002');
  });

  it('finds all of a chain of groups that is longer than 256 events', async () => {
    const links = Array.from({ length: 600 }, (_, index) => String.fromCharCode(97 + (index % 26)));
    const chain = links.map((id, index) => (index === 0 ? '+a' : `+${id}-${links[index - 1]}`));
    expect(await new Log(['u', ...chain, 'u']).whole('1-2')).toBe('1-601');
  });

  it('reads at most 512 events per end, however long log and range are', async () => {
    const log = new Log(filler(50_000));
    expect(await log.whole('10000-40000')).toBe('10000-40000');
    expect(log.reads).toEqual([512, 512]);
  });

  it('reads nothing at the start and at the end of the log', async () => {
    const log = new Log(['u', '+a']);
    expect(await log.whole('1-2')).toBe('1-2');
    expect(log.reads).toEqual([]);
  });

  it('returns the smallest range that cuts through nothing', async () => {
    await fc.assert(
      fc.asyncProperty(anyLog, async ({ words, active, withdrawn, requested }) => {
        const log = new Log(words);
        log.active.push(...active);
        log.withdrawn.push(...withdrawn);
        const whole = await log.wholeOf(requested);
        expect(whole).toEqual(smallestWithoutCut(requested, log));
        expect(await log.wholeOf(whole)).toEqual(whole);
      }),
      { numRuns: 2000 },
    );
  });
});

/** Tries all larger ranges, the smallest first. If it contains events that were not live, their groups count too. */
function smallestWithoutCut(requested: SeqRange, log: Log): SeqRange {
  const parts = log.partsFor(requested);
  const candidates: SeqRange[] = [];
  for (let fromSeq = 1; fromSeq <= requested.fromSeq; fromSeq += 1)
    for (let toSeq = requested.toSeq; toSeq <= log.lastSeq; toSeq += 1) candidates.push({ fromSeq, toSeq });
  const smallest = candidates
    .sort((one, other) => one.toSeq - one.fromSeq - (other.toSeq - other.fromSeq))
    .find((candidate) => !parts.some((part) => cutsThrough(part, candidate)));
  if (!smallest || isSameRange(smallest, requested)) return requested;
  return smallestWithoutCut(smallest, log);
}

function anyRange(lastSeq: number): fc.Arbitrary<SeqRange> {
  const seq = fc.integer({ min: 1, max: lastSeq });
  return fc.tuple(seq, seq).map(([one, other]) => ({
    fromSeq: Math.min(one, other),
    toSeq: Math.max(one, other),
  }));
}

/** A log with up to 6 active compactions, and a range that cuts through none of them. */
const anyLog = fc
  .array(fc.constantFrom('u', 'a', 'r', '+a', '-a', '+b', '-b', '+a+b', '-a-b', '-a+b', '+', '-'), {
    minLength: 1,
    maxLength: 30,
  })
  .chain((words) => {
    const anyOfLog = anyRange(words.length);
    return fc.record({
      words: fc.constant(words),
      candidates: fc.array(anyOfLog, { maxLength: 6 }),
      candidate: anyOfLog,
      /** Whether the n-th active compaction is a withdrawal. */
      withdrawals: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    });
  })
  .map(({ words, candidates, candidate, withdrawals }) => {
    const active = candidates
      .filter((each, index) => !candidates.slice(0, index).some((other) => overlap(each, other)))
      .sort((one, other) => one.fromSeq - other.fromSeq);
    const met = [candidate, ...active.filter((each) => overlap(each, candidate))];
    const requested = {
      fromSeq: Math.min(...met.map(({ fromSeq }) => fromSeq)),
      toSeq: Math.max(...met.map(({ toSeq }) => toSeq)),
    };
    return { words, active, withdrawn: active.filter((_, index) => withdrawals[index]), requested };
  });

function overlap(one: SeqRange, other: SeqRange): boolean {
  return one.fromSeq <= other.toSeq && one.toSeq >= other.fromSeq;
}
