import { describe, expect, it } from '@jest/globals';
import { selectedEvents } from './testing/describe-window-policy.js';
import { InMemoryTimeline } from './testing/in-memory-timeline.js';
import { StripToolResultsPolicy } from './strip-tool-results.policy.js';

/** Appends an event per list of part types. @returns seq and remaining part types of the selected events, ascending */
async function remaining(types: string[][]): Promise<[number, string[]][]> {
  const timeline = new InMemoryTimeline(
    types.map((each, index) => ({
      seq: index + 1,
      role: 'tool',
      parts: each.map((type) => ({ type })),
      insertedAt: new Date('2026-01-01'),
    })),
  );
  const selected = await selectedEvents(new StripToolResultsPolicy(), {}, timeline);
  return selected.map(({ seq, parts }): [number, string[]] => [seq, parts.map(({ type }) => type)]).reverse();
}

describe('strip_tool_results', () => {
  it('removes tool results in both spellings and no other part', async () => {
    expect(await remaining([['tool_result', 'text', 'tool-result', 'tool_call']])).toEqual([
      [1, ['text', 'tool_call']],
    ]);
    const others = ['tool_results', 'TOOL_RESULT', 'tool', 'tool-search', 'reasoning', ''];
    expect(await remaining([others])).toEqual([[1, others]]);
  });

  it('drops only events that are left empty, whatever their role', async () => {
    expect(
      await remaining([['text'], ['tool_result'], ['tool-result', 'tool_result'], ['text', 'text']]),
    ).toEqual([
      [1, ['text']],
      [4, ['text', 'text']],
    ]);
  });
});
