import { describe, expect, it } from '@jest/globals';
import { selectedEvents } from './testing/describe-window-policy.js';
import { InMemoryTimeline } from './testing/in-memory-timeline.js';
import { StripToolResultsPolicy } from './strip-tool-results.policy.js';

/** What is left of events with parts of these types: each with its seq, ascending. */
async function left(types: string[][]): Promise<[number, string[]][]> {
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
  it('leaves out tool results in both spellings, and no other part', async () => {
    expect(await left([['tool_result', 'text', 'tool-result', 'tool_call']])).toEqual([
      [1, ['text', 'tool_call']],
    ]);
    const others = ['tool_results', 'TOOL_RESULT', 'tool', 'tool-search', 'reasoning', ''];
    expect(await left([others])).toEqual([[1, others]]);
  });

  it('leaves out events that this empties, whatever their role, and keeps the role tool with other parts', async () => {
    expect(await left([['text'], ['tool_result'], ['tool-result', 'tool_result'], ['text', 'text']])).toEqual(
      [
        [1, ['text']],
        [4, ['text', 'text']],
      ],
    );
  });
});
