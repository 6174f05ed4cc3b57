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

/** The types that remain of one event with a part of each type. */
async function remaining(config: Record<string, unknown>): Promise<string[]> {
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
  it('removes reasoning and all types that start with tool by default', async () => {
    const expected = without('tool', 'tool_call', 'tool-result', 'reasoning');
    expect(await remaining({})).toEqual(expected);
    expect(await remaining({ kinds: null })).toEqual(expected);
  });

  it('removes exactly the configured kinds', async () => {
    expect(await remaining({ kinds: ['tool', 'image'] })).toEqual(without('tool', 'image'));
    expect(await remaining({ kinds: [''] })).toEqual(without(''));
    expect(await remaining({ kinds: [] })).toEqual(TYPES);
  });

  it('matches a * at the end of a kind with any suffix, including an empty one', async () => {
    expect(await remaining({ kinds: ['reasoning*'] })).toEqual(without('reasoning', 'reasoning_2'));
    expect(await remaining({ kinds: ['tool_*'] })).toEqual(without('tool_call'));
    expect(await remaining({ kinds: ['*'] })).toEqual([]);
  });

  it('matches a * at any other position literally', async () => {
    expect(await remaining({ kinds: ['a*c', '*t'] })).toEqual(without('a*c'));
    expect(await remaining({ kinds: ['a**'] })).toEqual(without('a*c'));
  });
});
