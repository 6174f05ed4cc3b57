import { describe, expect, it } from '@jest/globals';
import { selectedEvents } from './testing/describe-window-policy.js';
import { InMemoryTimeline } from './testing/in-memory-timeline.js';
import { SkipPartsPolicy } from './skip-parts.policy.js';

const TYPES = [
  'text',
  'tool',
  'tool_call',
  'tool-result',
  'atool',
  'reasoning',
  'reasoning_2',
  'image',
  'a*c',
  '',
];

/** The types that are left of one event with a part of each. */
async function left(config: Record<string, unknown>): Promise<string[]> {
  const parts = TYPES.map((type) => ({ type }));
  const timeline = new InMemoryTimeline([
    { seq: 1, role: 'user', parts, insertedAt: new Date('2026-01-01') },
  ]);
  const [event] = await selectedEvents(new SkipPartsPolicy(), config, timeline);
  return event?.parts.map(({ type }) => type) ?? [];
}

function without(...types: string[]): string[] {
  return TYPES.filter((type) => !types.includes(type));
}

describe('skip_parts', () => {
  it('leaves out what starts with tool, and reasoning, where it names no kinds', async () => {
    const expected = without('tool', 'tool_call', 'tool-result', 'reasoning');
    expect(await left({})).toEqual(expected);
    expect(await left({ kinds: null })).toEqual(expected);
  });

  it('leaves out the kinds that it names, and those alone', async () => {
    expect(await left({ kinds: ['tool', 'image'] })).toEqual(without('tool', 'image'));
    expect(await left({ kinds: [''] })).toEqual(without(''));
    expect(await left({ kinds: [] })).toEqual(TYPES);
  });

  it('takes a * at the end of a kind for any ending, none included', async () => {
    expect(await left({ kinds: ['reasoning*'] })).toEqual(without('reasoning', 'reasoning_2'));
    expect(await left({ kinds: ['tool_*'] })).toEqual(without('tool_call'));
    expect(await left({ kinds: ['*'] })).toEqual([]);
  });

  it('takes a * elsewhere for itself', async () => {
    expect(await left({ kinds: ['a*c', '*t'] })).toEqual(without('a*c'));
    expect(await left({ kinds: ['a**'] })).toEqual(without('a*c'));
  });
});
