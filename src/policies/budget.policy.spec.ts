import { describe, expect, it } from '@jest/globals';
import { BudgetPolicy, ManualPolicy } from './budget.policy.js';
import { selectedEvents } from './testing/describe-window-policy.js';
import { InMemoryTimeline } from './testing/in-memory-timeline.js';

describe.each([
  ['budget', new BudgetPolicy()],
  ['manual', new ManualPolicy()],
])('%s', (_, policy) => {
  it('selects every live event without reading any', async () => {
    const seqs = [2, 3, 4, 50, 51, 400];
    const timeline = new InMemoryTimeline(
      seqs.map((seq) => ({ seq, role: 'tool', parts: [{ type: 'tool_result' }], insertedAt: new Date(seq) })),
    );
    const selected = await selectedEvents(policy, {}, timeline);
    expect(selected.map(({ seq }) => seq).reverse()).toEqual(seqs);
    expect(timeline.eventsRead).toBe(0);
  });
});
