import { describe, expect, it } from '@jest/globals';
import { describeWindowPolicy, type TestRunner } from './describe-window-policy.js';
import { PolicyConfigReader } from '../policy-config.js';
import type { LiveEvent, Timeline } from '../timeline.js';
import type { Selection, WindowPolicy } from '../window-policy.js';

/** A policy that obeys all rules. Each class in `WRONG` violates one of them. */
class GoodPolicy implements WindowPolicy<{ limit: number }> {
  parseConfig(raw: Record<string, unknown>): { limit: number } {
    const config = new PolicyConfigReader(raw);
    const parsed = { limit: config.integer('limit', { min: 1, max: 100, fallback: 10 }) };
    config.finish();
    return parsed;
  }

  select(timeline: Timeline, { limit }: { limit: number }, _now: Date): Selection {
    return this.newest(timeline, limit);
  }

  protected async *newest(timeline: Timeline, limit: number): AsyncGenerator<LiveEvent> {
    let count = 0;
    for await (const event of timeline.newestFirst()) {
      if (count === limit) return;
      count += 1;
      yield event;
    }
  }
}

/** A policy that selects the right events, but yields them after `alter` has changed them. */
abstract class AlteredEvents extends GoodPolicy {
  protected override async *newest(timeline: Timeline, limit: number): AsyncGenerator<LiveEvent> {
    const events: LiveEvent[] = [];
    for await (const event of super.newest(timeline, limit)) events.push(event);
    yield* this.alter(events);
  }

  protected abstract alter(events: LiveEvent[]): Iterable<LiveEvent>;
}

/** Changes with every call, as a clock or a random number would. */
let callsOfAllInstances = 0;

const WRONG: Record<string, new () => WindowPolicy> = {
  'throws another error class for an invalid config': class extends GoodPolicy {
    override parseConfig(raw: Record<string, unknown>) {
      if (raw.limit === 0) throw new TypeError('limit');
      return super.parseConfig(raw);
    }
  },
  'accepts unknown fields': class extends GoodPolicy {
    override parseConfig({ limit }: Record<string, unknown>) {
      return super.parseConfig({ limit });
    }
  },
  'rejects a valid config': class extends GoodPolicy {
    override parseConfig(raw: Record<string, unknown>) {
      return super.parseConfig(raw.limit === 3 ? { limit: '3' } : raw);
    }
  },
  'modifies the config that it parses': class extends GoodPolicy {
    override parseConfig(raw: Record<string, unknown>) {
      const parsed = super.parseConfig(raw);
      raw.limit = 50;
      return parsed;
    }
  },
  'selects from seq 0': class extends GoodPolicy {
    override select(): Selection {
      return { fromSeq: 0 };
    }
  },
  'selects from NaN': class extends GoodPolicy {
    override select(): Selection {
      return { fromSeq: NaN };
    }
  },
  'throws for an empty log': class extends GoodPolicy {
    override select(timeline: Timeline, config: { limit: number }, now: Date): Selection {
      if (timeline.liveCount === 0) throw new RangeError('empty');
      return super.select(timeline, config, now);
    }
  },
  'yields the oldest event first': class extends AlteredEvents {
    protected alter(events: LiveEvent[]) {
      return events.reverse();
    }
  },
  'yields an event twice': class extends AlteredEvents {
    protected alter([first, ...others]: LiveEvent[]) {
      return first ? [first, first, ...others] : [];
    }
  },
  'yields events without end': class extends AlteredEvents {
    protected *alter([first]: LiveEvent[]) {
      while (first) yield first;
    }
  },
  'yields its own objects': class extends AlteredEvents {
    protected alter(events: LiveEvent[]) {
      return events.map((event): LiveEvent => ({ ...event, tokens: 1, withParts: () => undefined }));
    }
  },
  'adds a part': class extends AlteredEvents {
    protected alter(events: LiveEvent[]) {
      return events.map((event) => withParts(event, [...event.parts, { type: 'text', text: 'more' }]));
    }
  },
  'reorders parts': class extends AlteredEvents {
    protected alter(events: LiveEvent[]) {
      return events.map((event) => withParts(event, event.parts.toReversed()));
    }
  },
  'removes all parts of an event': class extends AlteredEvents {
    protected alter(events: LiveEvent[]) {
      return events.map((event) => withParts(event, []));
    }
  },
  'changes a part': class extends AlteredEvents {
    protected alter(events: LiveEvent[]) {
      for (const { parts } of events) for (const part of parts) part.type = 'text';
      return events;
    }
  },
  'reads more events of a longer log': class extends GoodPolicy {
    protected override async *newest(timeline: Timeline, limit: number): AsyncGenerator<LiveEvent> {
      for (let begin = 1; begin < timeline.liveCount; begin += 4096) {
        for await (const { position } of timeline.newestFirst()) if (position === begin) break;
      }
      yield* super.newest(timeline, limit);
    }
  },
  'modifies the time': class extends GoodPolicy {
    override select(timeline: Timeline, config: { limit: number }, now: Date): Selection {
      now.setTime(0);
      return super.select(timeline, config, now);
    }
  },
  'modifies its parsed config': class extends GoodPolicy {
    override select(timeline: Timeline, config: { limit: number }, now: Date): Selection {
      const selection = super.select(timeline, { ...config }, now);
      config.limit += 1;
      return selection;
    }
  },
  'keeps state between calls': class extends GoodPolicy {
    private calls = 0;
    override select(timeline: Timeline, config: { limit: number }, now: Date): Selection {
      this.calls += 1;
      return super.select(timeline, { limit: config.limit + (this.calls % 2) }, now);
    }
  },
  'mixes up concurrent selections': class extends GoodPolicy {
    private timeline: Timeline | undefined;
    override select(timeline: Timeline, { limit }: { limit: number }): Selection {
      this.timeline = timeline;
      return this.later(limit);
    }
    private async *later(limit: number): AsyncGenerator<LiveEvent> {
      await Promise.resolve();
      if (this.timeline) yield* this.newest(this.timeline, limit);
    }
  },
  'depends on state outside its instance': class extends GoodPolicy {
    override select(timeline: Timeline): Selection {
      callsOfAllInstances += 1;
      return { fromSeq: Math.max(1, timeline.lastSeq - (callsOfAllInstances % 3)) };
    }
  },
};

/** The same event object, with other parts. */
function withParts(event: LiveEvent, parts: LiveEvent['parts']): LiveEvent {
  Object.defineProperty(event, 'parts', { value: parts, configurable: true });
  return event;
}

/** Runs the suite for a policy outside Jest and returns the titles of the failed tests. */
async function failures(create: new () => WindowPolicy): Promise<string[]> {
  const tests: [string, () => unknown][] = [];
  const runner: TestRunner = {
    describe: (_, body) => body(),
    it: (title, body) => tests.push([title, body]),
  };
  const examples = { valid: [{}, { limit: 3 }], invalid: [{ config: { limit: 0 }, field: 'limit' }] };
  describeWindowPolicy('any', () => new create(), examples, runner);
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
  it('passes a policy that obeys all rules', async () => expect(await failures(GoodPolicy)).toEqual([]));

  it.each(Object.entries(WRONG))('fails a policy that %s', async (_, create) =>
    expect(await failures(create)).not.toEqual([]),
  );
});
