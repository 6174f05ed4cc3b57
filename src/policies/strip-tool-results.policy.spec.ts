import { describe, expect, it } from '@jest/globals';
import { selectedEvents } from './testing/describe-window-policy.js';
import { InMemoryTimeline } from './testing/in-memory-timeline.js';
import { StripToolResultsPolicy } from './strip-tool-results.policy.js';
import type { Part } from './timeline.js';

const user = { role: 'user', parts: [{ type: 'text', text: 'q' }] };
const call = (...ids: string[]) => ({
  role: 'assistant',
  parts: ids.map((id) => ({ type: 'tool_use', id, name: 'f', input: {} })),
});
const results = (...ids: string[]) => ({
  role: 'user',
  parts: ids.map((id) => ({ type: 'tool_result', tool_use_id: id, content: `output of ${id}` })),
});

/** The contents of the tool results that the policy leaves, oldest first. */
async function contents(events: { role: string; parts: Part[] }[], config = {}): Promise<unknown[]> {
  const declared = events.map((event, index) => ({
    ...event,
    seq: index + 1,
    insertedAt: new Date('2026-01-01'),
  }));
  const selected = await selectedEvents(new StripToolResultsPolicy(), config, new InMemoryTimeline(declared));
  const parts = selected.toReversed().flatMap((event) => event.parts);
  return parts.filter(({ type }) => type === 'tool_result').map(({ content }) => content);
}

const LOG = [user, call('a', 'b'), results('b', 'a'), user, call('c'), results('c'), user];

describe('strip_tool_results', () => {
  it('replaces the outputs of results and keeps every event', async () => {
    const removed = '[tool result removed]';
    expect(await contents(LOG)).toEqual([removed, removed, removed]);
    expect(await contents(LOG, { placeholder: 'gone' })).toEqual(['gone', 'gone', 'gone']);
  });

  it('keeps the newest keep_recent results', async () => {
    const text = { placeholder: '-' };
    expect(await contents(LOG, { ...text, keep_recent: 1 })).toEqual(['-', '-', 'output of c']);
    expect(await contents(LOG, { ...text, keep_recent: 2 })).toEqual(['-', 'output of a', 'output of c']);
    expect(await contents(LOG, { ...text, keep_recent: 9 })).toEqual([
      'output of b',
      'output of a',
      'output of c',
    ]);
  });

  it('keeps the results of the open turn', async () => {
    expect(await contents(LOG.slice(0, 6), { placeholder: '-' })).toEqual(['-', '-', 'output of c']);
    expect(await contents(LOG.slice(1, 3), { placeholder: '-' })).toEqual(['output of b', 'output of a']);
  });
});
