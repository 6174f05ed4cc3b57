import { describe, expect, it } from '@jest/globals';
import { describeWindowPolicy } from './describe-window-policy.js';
import { PolicyConfigReader } from '../policy-config.js';
import type { LiveEvent, Timeline } from '../timeline.js';
import type { Selection, WindowPolicy } from '../window-policy.js';

/** A policy that keeps the rules, for the wrong ones to differ from in one thing each. */
class GoodPolicy implements WindowPolicy<{ limit: number }> {
  parseConfig(raw: Record<string, unknown>): { limit: number } {
    const config = new PolicyConfigReader(raw);
    const parsed = { limit: config.integer('limit', { min: 1, max: 100, fallback: 10 }) };
    config.finish();
    return parsed;
  }

  select(timeline: Timeline, { limit }: { limit: number }, _now: Date): Selection {
    return this.choose(timeline, limit);
  }

  protected async *choose(timeline: Timeline, limit: number): AsyncGenerator<LiveEvent> {
    let count = 0;
    for await (const event of timeline.newestFirst()) {
      if (count === limit) return;
      count += 1;
      yield event;
    }
  }
}

/** What the events are by the time a wrong policy passes them on. */
abstract class WrongEvents extends GoodPolicy {
  protected override async *choose(timeline: Timeline, limit: number): AsyncGenerator<LiveEvent> {
    const events: LiveEvent[] = [];
    for await (const event of super.choose(timeline, limit)) events.push(event);
    yield* this.wrong(events);
  }

  protected abstract wrong(events: LiveEvent[]): Iterable<LiveEvent>;
}

const WRONG: Record<string, new () => WindowPolicy> = {
  'throws another error for a faulty config': class extends GoodPolicy {
    override parseConfig(raw: Record<string, unknown>) {
      if (raw.limit === 0) throw new TypeError('limit');
      return super.parseConfig(raw);
    }
  },
  'takes unknown fields': class extends GoodPolicy {
    override parseConfig({ limit }: Record<string, unknown>) {
      return super.parseConfig({ limit });
    }
  },
  'refuses a valid config': class extends GoodPolicy {
    override parseConfig(raw: Record<string, unknown>) {
      return super.parseConfig(raw.limit === 3 ? { limit: '3' } : raw);
    }
  },
  'changes the config it is given': class extends GoodPolicy {
    override parseConfig(raw: Record<string, unknown>) {
      const parsed = super.parseConfig(raw);
      raw.limit = 50;
      return parsed;
    }
  },
  'begins at seq 0': class extends GoodPolicy {
    override select(): Selection {
      return { fromSeq: 0 };
    }
  },
  'begins at no number': class extends GoodPolicy {
    override select(): Selection {
      return { fromSeq: NaN };
    }
  },
  'fails on an empty log': class extends GoodPolicy {
    override select(timeline: Timeline, config: { limit: number }, now: Date): Selection {
      if (timeline.liveCount === 0) throw new RangeError('empty');
      return super.select(timeline, config, now);
    }
  },
  'yields oldest first': class extends WrongEvents {
    protected wrong(events: LiveEvent[]) {
      return events.reverse();
    }
  },
  'yields an event twice': class extends WrongEvents {
    protected wrong([first, ...others]: LiveEvent[]) {
      return first ? [first, first, ...others] : [];
    }
  },
  'never ends': class extends WrongEvents {
    protected *wrong([first]: LiveEvent[]) {
      while (first) yield first;
    }
  },
  'yields objects of its own': class extends WrongEvents {
    protected wrong(events: LiveEvent[]) {
      return events.map((event): LiveEvent => ({ ...event, tokens: 1, withParts: () => undefined }));
    }
  },
  'adds a part': class extends WrongEvents {
    protected wrong(events: LiveEvent[]) {
      return events.map((event) => withParts(event, [...event.parts, { type: 'text', text: 'more' }]));
    }
  },
  'turns parts around': class extends WrongEvents {
    protected wrong(events: LiveEvent[]) {
      return events.map((event) => withParts(event, event.parts.toReversed()));
    }
  },
  'leaves an event without parts': class extends WrongEvents {
    protected wrong(events: LiveEvent[]) {
      return events.map((event) => withParts(event, []));
    }
  },
  'changes a part': class extends WrongEvents {
    protected wrong(events: LiveEvent[]) {
      for (const { parts } of events) for (const part of parts) part.type = 'text';
      return events;
    }
  },
  'reads more of a longer log': class extends GoodPolicy {
    protected override async *choose(timeline: Timeline, limit: number): AsyncGenerator<LiveEvent> {
      for (let begin = 1; begin < timeline.liveCount; begin += 4096) {
        for await (const { position } of timeline.newestFirst()) if (position === begin) break;
      }
      yield* super.choose(timeline, limit);
    }
  },
  'changes the time': class extends GoodPolicy {
    override select(timeline: Timeline, config: { limit: number }, now: Date): Selection {
      now.setTime(0);
      return super.select(timeline, config, now);
    }
  },
  'changes its parsed config': class extends GoodPolicy {
    override select(timeline: Timeline, config: { limit: number }, now: Date): Selection {
      const selection = super.select(timeline, { ...config }, now);
      config.limit += 1;
      return selection;
    }
  },
  'remembers what it was asked': class extends GoodPolicy {
    private asked = 0;
    override select(timeline: Timeline, config: { limit: number }, now: Date): Selection {
      this.asked += 1;
      return super.select(timeline, { limit: config.limit + (this.asked % 2) }, now);
    }
  },
  'mixes up what it is asked at once': class extends GoodPolicy {
    private timeline: Timeline | undefined;
    override select(timeline: Timeline, { limit }: { limit: number }): Selection {
      this.timeline = timeline;
      return this.later(limit);
    }
    private async *later(limit: number): AsyncGenerator<LiveEvent> {
      await Promise.resolve();
      if (this.timeline) yield* this.choose(this.timeline, limit);
    }
  },
  'is not the same twice': class extends GoodPolicy {
    static calls = 0;
    override select(timeline: Timeline): Selection {
      GoodPolicyCalls.count += 1;
      return { fromSeq: Math.max(1, timeline.lastSeq - (GoodPolicyCalls.count % 3)) };
    }
  },
};

/** Beyond one instance, as a clock or a random number would be. */
const GoodPolicyCalls = { count: 0 };

/** The same event, with parts that are not its own. */
function withParts(event: LiveEvent, parts: LiveEvent['parts']): LiveEvent {
  Object.defineProperty(event, 'parts', { value: parts, configurable: true });
  return event;
}

/** Runs the suite for a policy by itself, and gives the titles that failed. */
async function failures(create: new () => WindowPolicy): Promise<string[]> {
  const tests: [string, () => unknown][] = [];
  const globals = globalThis as unknown as { describe: unknown; it: unknown };
  const runner = { describe: globals.describe, it: globals.it };
  Object.assign(globals, {
    describe: (_: string, body: () => void) => body(),
    it: (title: string, body: () => unknown) => tests.push([title, body]),
  });
  try {
    describeWindowPolicy('any', () => new create(), {
      valid: [{}, { limit: 3 }],
      invalid: [{ config: { limit: 0 }, field: 'limit' }],
    });
  } finally {
    Object.assign(globals, runner);
  }
  const failed: string[] = [];
  for (const [title, body] of tests) {
    try {
      await body();
    } catch {
      failed.push(title);
    }
  }
  return failed;
}

describe('describeWindowPolicy', () => {
  it('passes a policy that keeps the rules', async () => expect(await failures(GoodPolicy)).toEqual([]));

  it.each(Object.entries(WRONG))('fails one that %s', async (_, create) =>
    expect(await failures(create)).not.toEqual([]),
  );
});
