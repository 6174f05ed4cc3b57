import { describe, expect, it } from '@jest/globals';
import {
  isPrefix,
  messageTokens,
  modelWindow,
  tokensOf,
  type ModelCompaction,
  type ModelConversation,
  type ModelEvent,
} from '../support/window-model/index.js';

/*
 * Windows computed by hand from the sentences of the specification. They decide when the reference model and the service
 * differ. `E` is the effective budget, `S` the distance of the steps: (1 − trim_ratio) × E.
 */

type Fields = Record<string, unknown>;

/** An event of `tokens` tokens with one text part. */
function text(role: string, tokens: number, fields: Fields = {}): Fields {
  return { role, parts: [{ type: 'text', text: 'x' }], token_count: tokens, ...fields };
}

function call(id: string, tokens: number, fields: Fields = {}): Fields {
  const parts = [{ type: 'tool_call', id, name: 'find', input: {} }];
  return { role: 'assistant', parts, token_count: tokens, ...fields };
}

function result(id: string, fields: Fields = {}): Fields {
  const parts = [{ type: 'tool_result', tool_call_id: id, output: 'x' }];
  return { role: 'tool', parts, token_count: 10, ...fields };
}

function logOf(events: Fields[]): ModelEvent[] {
  return events.map((event, index) => ({ seq: index + 1, event, insertedAt: '2026-11-01T00:00:00.000Z' }));
}

function compaction(fromSeq: number, toSeq: number, tokens: number, version = 100): ModelCompaction {
  return { version, fromSeq, toSeq, replacement: [text('system', tokens)] };
}

function settings(tokenBudget: number, config: Fields = {}, strategy = 'budget'): ModelConversation {
  return { tokenBudget, triggerRatio: 0.7, strategy, config };
}

function seqs({ messages }: { messages: any[] }): number[] {
  return messages.map(({ seq }) => seq);
}

function users(count: number, tokens = 10): Fields[] {
  return Array.from({ length: count }, () => text('user', tokens));
}

describe('the reference model: steps', () => {
  // S = 0.25 × 80 = 20, and n events before an event have 10 × n tokens: the events 1, 3, 5, … are steps.
  it.each([
    [8, 1, 'all of 80 tokens fit'],
    [9, 3, '90 tokens do not fit; the start 2 would fit, but is no step'],
    [10, 3, '80 tokens from event 3 on fit: the start stands still'],
    [11, 5, '90 tokens from event 3 on do not fit'],
  ])('the window of %i events starts at event %i: %s', (count, start) => {
    const window = modelWindow(logOf(users(count)), [], settings(80));
    expect(seqs(window)[0]).toBe(start);
    expect(window.used_tokens).toBe(10 * (count - start + 1));
    expect(window.prefix).toEqual({ start_seq: start, compaction_version: 0 });
  });

  it('with a trim_ratio of 1, the window keeps as much as fits', () => {
    expect(seqs(modelWindow(logOf(users(9)), [], settings(80, { trim_ratio: 1 })))[0]).toBe(2);
  });

  // S = 0.3 × 100 = 30: the events 1, 4, 7, … of 10 tokens are steps. In floating point 1 − 0.7 is more than 0.3, and 4 none.
  it('the distance of steps is exact', () => {
    expect(seqs(modelWindow(logOf(users(14)), [], settings(100, { trim_ratio: 0.7 })))[0]).toBe(7);
  });

  // S = 0.9 × 100 = 90. There is no multiple in (0, 50], so event 2 is no step; event 1 is, but 110 tokens do not fit.
  it('if no step fits, the window keeps the newest groups that fit', () => {
    const log = logOf([text('user', 50), text('user', 60)]);
    expect(seqs(modelWindow(log, [], settings(100, { trim_ratio: 0.1 })))).toEqual([2]);
  });

  // S = 12.5. Live are 5 to 10, and the events before them have 40 to 90 tokens. 50 is in (40, 50]: 6 is a step. No multiple is
  // in (50, 60]: 7 is none. 62.5 is in (60, 70]: 8 is a step. The summary of 10 leaves 40 tokens: 7 would fit, 8 is taken.
  it('compacted events count for the steps', () => {
    const window = modelWindow(logOf(users(10)), [compaction(1, 4, 10)], settings(50));
    expect(seqs(window)).toEqual([1, 8, 9, 10]);
    expect(window.prefix).toEqual({ start_seq: 8, compaction_version: 100 });
  });

  // S = 0.5 × 36 = 18. Event 2 leaves: 18 is in (0, 24], between the live groups 1 and 3. It is not in (20, 24].
  it('an event that a policy removes is no group before a step', () => {
    const log = logOf([text('user', 20), call('a', 4), text('user', 15), text('user', 15)]);
    expect(seqs(modelWindow(log, [], settings(36, { trim_ratio: 0.5 }, 'skip_parts')))).toEqual([3, 4]);
  });
});

describe('the reference model: pins', () => {
  const log = logOf([text('system', 10), text('developer', 10), ...users(3, 50)]);

  // E = 100: the head of 20 leaves 80. Event 3 and the steps 4 (25 and 50 are in (20, 70]) do not fit; 5 does.
  it('system and developer events at the beginning stay in every window', () => {
    const window = modelWindow(log, [], settings(100));
    expect(seqs(window)).toEqual([1, 2, 5]);
    expect(window.used_tokens).toBe(70);
    expect(window.segments).toEqual([
      { type: 'live', from_seq: 1, to_seq: 2 },
      { type: 'live', from_seq: 5, to_seq: 5 },
    ]);
    expect(window.prefix).toEqual({ start_seq: 5, compaction_version: 0 });
  });

  it('a system event after another role is not part of the head', () => {
    const late = logOf([text('user', 10), text('system', 10), text('user', 95)]);
    expect(seqs(modelWindow(late, [], settings(100)))).toEqual([3]);
  });

  // 4 and 5 are exactly 100 tokens.
  it('with pin_head false, the head leaves like other events', () => {
    expect(seqs(modelWindow(log, [], settings(100, { pin_head: false })))).toEqual([4, 5]);
  });

  it('a policy neither counts nor drops pins', () => {
    const events = [text('system', 1), ...users(2, 1), text('user', 1, { pinned: true }), text('user', 1)];
    const window = modelWindow(logOf(events), [], settings(100, { limit: 2 }, 'last_n'));
    expect(seqs(window)).toEqual([1, 3, 4, 5]);
    expect(window.used_tokens).toBe(4);
    expect(window.segments).toEqual([
      { type: 'live', from_seq: 1, to_seq: 1 },
      { type: 'live', from_seq: 3, to_seq: 5 },
    ]);
  });

  it('a compaction does not hide pins: the head is before its summary, other pins are after it', () => {
    const events = [text('system', 1), ...users(2, 1), text('user', 1, { pinned: true }), ...users(3, 1)];
    const window = modelWindow(logOf(events), [compaction(1, 5, 1)], settings(100));
    expect(window.messages.map(({ seq, to_seq }) => [seq, to_seq])).toEqual([
      [1, undefined],
      [1, 5],
      [4, undefined],
      [6, undefined],
      [7, undefined],
    ]);
    expect(window.segments).toEqual([
      { type: 'live', from_seq: 1, to_seq: 1 },
      { type: 'summary', from_seq: 1, to_seq: 5 },
      { type: 'live', from_seq: 4, to_seq: 4 },
      { type: 'live', from_seq: 6, to_seq: 7 },
    ]);
  });

  // The group of the pinned result is 2 to 4. 60 tokens of pins leave 40 for 5 and 6: only 6 fits.
  it('a pinned tool result stays with its whole group', () => {
    const events = [text('user', 90), call('a', 20), text('user', 20), result('a', { token_count: 20 })];
    const pinned = events.map((event, index) => (index === 3 ? { ...event, pinned: true } : event));
    const window = modelWindow(logOf([...pinned, ...users(2, 30)]), [], settings(100));
    expect(seqs(window)).toEqual([2, 3, 4, 6]);
    expect(window.repairs).toEqual([]);
  });

  it('if the pins alone exceed the budget, the oldest that fit stay alone, and the window says why', () => {
    const pin = text('user', 40, { pinned: true });
    const window = modelWindow(
      logOf([pin, text('user', 1), pin, pin, text('user', 1)]),
      [compaction(2, 2, 1)],
      settings(100),
    );
    expect(seqs(window)).toEqual([1, 3]);
    expect(window.overflow).toEqual({ seq: 4, tokens: 120 });
    // 120 of pins, 1 of the summary and 1 of event 5 are more than 0.7 × 100.
    expect(window.needs_compaction).toBe(true);
  });

  // The pin and both summaries have 120 tokens. Without the older summary, 40 remain for event 4.
  it('pins stay, and the oldest summary leaves first', () => {
    const log = logOf([...users(2), text('user', 40, { pinned: true }), text('user', 30)]);
    const compactions = [compaction(1, 1, 60), compaction(2, 2, 20, 101)];
    const window = modelWindow(log, compactions, settings(100, { trim_ratio: 1 }));
    expect(seqs(window)).toEqual([2, 3, 4]);
    expect(window.used_tokens).toBe(90);
    expect(window.prefix).toEqual({ start_seq: 4, compaction_version: 101 });
  });
});

describe('the reference model: withdrawals', () => {
  const withdrawal = (fromSeq: number, toSeq: number, version = 100): ModelCompaction => ({
    ...{ version, fromSeq, toSeq },
    replacement: [],
  });

  it('withdrawn events are in no window, and nothing stands for them', () => {
    const window = modelWindow(logOf(users(5)), [withdrawal(2, 3)], settings(100));
    expect(seqs(window)).toEqual([1, 4, 5]);
    expect(window.segments).toEqual([
      { type: 'live', from_seq: 1, to_seq: 1 },
      { type: 'live', from_seq: 4, to_seq: 5 },
    ]);
    expect(window).toMatchObject({ used_tokens: 30, prefix: { start_seq: 1, compaction_version: 100 } });
  });

  it('withdrawn events are not pinned, also if a later summary covers them', () => {
    const pin = text('user', 10, { pinned: true });
    const log = logOf([text('system', 10), pin, pin, ...users(2)]);
    expect(seqs(modelWindow(log, [withdrawal(1, 2)], settings(100)))).toEqual([3, 4, 5]);
    const covered = modelWindow(log, [withdrawal(1, 2), compaction(1, 4, 10, 101)], settings(100));
    expect(seqs(covered)).toEqual([1, 3, 5]);
  });

  it('a withdrawn call is in no group with its result', () => {
    const log = logOf([call('a', 10), text('user', 10), result('a', { pinned: true })]);
    expect(modelWindow(log, [withdrawal(1, 1)], settings(100))).toMatchObject({
      messages: [{ seq: 2 }],
      repairs: [{ code: 'result_without_call', seq: 3, call_id: 'a' }],
    });
  });

  // S = 12.5. The events before 4 and 5 have 30 and 40 tokens, withdrawn or not: 37.5 is in (30, 40], so 5 is a step.
  it('withdrawn events count for the steps, and for no limit and no budget', () => {
    const window = modelWindow(logOf(users(8)), [withdrawal(1, 3)], settings(50));
    expect(seqs(window)).toEqual([4, 5, 6, 7, 8]);
    const full = modelWindow(logOf(users(9)), [withdrawal(1, 3)], settings(50));
    expect(seqs(full)).toEqual([5, 6, 7, 8, 9]);
    expect(full.needs_compaction).toBe(true);
  });

  it('a withdrawal is no reason of an empty window', () => {
    const log = logOf(users(2));
    expect(modelWindow(log, [withdrawal(1, 2)], settings(20)).overflow).toBeUndefined();
    const both = [compaction(1, 1, 30), withdrawal(2, 2, 101)];
    expect(modelWindow(log, both, settings(20)).overflow).toEqual({ seq: 1, tokens: 30 });
  });
});

describe('the reference model: policies', () => {
  // trim_to is 15, so starts are 6 positions apart: 7 leaves 15 to 20 of 21 to 26 events, 13 leaves 15 of 27.
  it.each([
    [20, 1],
    [21, 7],
    [26, 7],
    [27, 13],
  ])('last_n with a limit of 20 and %i events starts at event %i', (count, start) => {
    const window = modelWindow(logOf(users(count)), [], settings(10_000, { limit: 20 }, 'last_n'));
    expect(seqs(window)[0]).toBe(start);
  });

  it('last_n with a limit below 20 keeps exactly the newest', () => {
    const window = modelWindow(logOf(users(26)), [], settings(10_000, { limit: 19 }, 'last_n'));
    expect(seqs(window)[0]).toBe(8);
  });

  // All events are old. From 20 on, the start moves in steps of min_events / 4 + 1: 6 of the 10 events that may leave, leave.
  it.each([
    [19, 12],
    [20, 7],
  ])('time_window with min_events %i and 30 old events starts at event %i', (count, start) => {
    const config = { max_age_seconds: 60, min_events: count };
    const window = modelWindow(logOf(users(30)), [], settings(10_000, config, 'time_window'));
    expect(seqs(window)[0]).toBe(start);
  });

  // The turn of event 5 is open. Of the other results, the newest stays.
  it('strip_tool_results keeps the outputs of the open turn and the newest ones', () => {
    const old = (id: string) => [call(id, 1), result(id)];
    const events = [...old('a'), ...old('b'), text('user', 1), ...old('c')];
    const outputs = (keepRecent: number) =>
      modelWindow(logOf(events), [], settings(1000, { keep_recent: keepRecent }, 'strip_tool_results'))
        .messages.filter(({ role }) => role === 'tool')
        .map(({ parts }) => parts[0].output);
    const placeholder = '[tool result removed]';
    expect(outputs(0)).toEqual([placeholder, placeholder, 'x']);
    expect(outputs(2)).toEqual([placeholder, 'x', 'x']);
  });

  it('skip_parts drops events left empty, which are not counted, and leaves the open turn as it is', () => {
    const log = logOf([text('user', 1), call('a', 1), result('a'), text('user', 1), call('b', 1)]);
    const window = modelWindow(log, [], settings(1000, { limit: 3 }, 'skip_parts'));
    expect(seqs(window)).toEqual([1, 4, 5]);
  });

  it('a cut inside a group moves to the next group; the newest group stays whole', () => {
    const events = [call('a', 10), text('user', 10), result('a'), text('user', 10)];
    const window = (limit: number, count: number) =>
      modelWindow(logOf(events.slice(0, count)), [], settings(1000, { limit }, 'last_n'));
    expect(seqs(window(2, 4))).toEqual([4]);
    expect(seqs(window(2, 3))).toEqual([1, 2, 3]);
  });

  // The estimates are 3 + 1 + 1 + 1 = 6 and 3 + 1 + 1 = 5 tokens, so a count of 60 shrinks to 50. The turn is closed by event 2.
  it('the token_count of an event shrinks in the proportion of the estimates when parts leave', () => {
    const parts = [
      { type: 'reasoning', text: 'hello' },
      { type: 'text', text: 'hello' },
    ];
    const log = logOf([{ role: 'assistant', name: 'not counted', parts, token_count: 60 }, text('user', 1)]);
    expect(modelWindow(log, [], settings(1000, {}, 'skip_parts')).used_tokens).toBe(51);
  });
});

describe('the reference model: budget', () => {
  it('reserve_tokens lowers the lowest of the budgets', () => {
    const conversation = { ...settings(100, { max_tokens: 80, trim_ratio: 1 }), reserveTokens: 25 };
    const window = modelWindow(logOf(users(10)), [], conversation, { budgetTokens: 60 });
    expect(window.budget_tokens).toBe(35);
    expect(seqs(window)).toEqual([8, 9, 10]);
  });

  it('a reserve above the budget of the call leaves nothing, and the window says why', () => {
    const conversation = { ...settings(100), reserveTokens: 25 };
    const window = modelWindow(logOf(users(2)), [], conversation, { budgetTokens: 20 });
    expect(window).toMatchObject({ budget_tokens: 0, messages: [], overflow: { seq: 2, tokens: 10 } });
  });

  it('a snapshot of exactly trigger_ratio × budget needs no compaction', () => {
    expect(modelWindow(logOf(users(7)), [], settings(100)).needs_compaction).toBe(false);
    expect(modelWindow(logOf(users(8)), [], settings(100)).needs_compaction).toBe(true);
  });

  // The results have 3 + 1 + 100 and 3 + 1 + 50 tokens, and the group with its call of 10 tokens has 168. With the placeholder of
  // 5 tokens in the place of the older output, it has 10 + 9 + 54 = 73.
  it('the oldest outputs of the newest group become placeholders, as few as needed', () => {
    const big = {
      role: 'tool',
      parts: [{ type: 'tool_result', tool_call_id: 'a', output: ' x'.repeat(100) }],
    };
    const newer = {
      role: 'tool',
      parts: [{ type: 'tool_result', tool_call_id: 'b', output: ' x'.repeat(50) }],
    };
    const two = call('a', 10);
    (two.parts as any[]).push({ type: 'tool_call', id: 'b', name: 'find', input: {} });
    const window = modelWindow(logOf([text('user', 10), two, big, newer]), [], settings(90));
    expect(tokensOf('[tool result removed]')).toBe(5);
    expect(seqs(window)).toEqual([2, 3, 4]);
    expect(window.messages[1].parts[0].output).toBe('[tool result removed]');
    expect(window.messages[2].parts[0].output).toBe(' x'.repeat(50));
    expect(window.used_tokens).toBe(10 + 9 + 54);
    expect(window.overflow).toBeUndefined();
  });

  // S = 20. Without event 4, the older events have 90 tokens: event 2 is a step (20 is in (0, 30]) and 60 tokens fit.
  it('without a newest group that does not fit, the older groups stay', () => {
    const window = modelWindow(logOf([...users(3, 30), text('user', 81)]), [], settings(80));
    expect(seqs(window)).toEqual([2, 3]);
    expect(window.overflow).toEqual({ seq: 4, tokens: 81 });
    expect(window.prefix.start_seq).toBe(2);
  });

  it('a summary that does not fit is the reason of an empty window', () => {
    const window = modelWindow(logOf(users(2)), [compaction(1, 2, 30)], settings(20));
    expect(window).toMatchObject({ messages: [], overflow: { seq: 2, tokens: 30 } });
  });

  // Messages follow the unanswered call, so a result is added to it. One token less, and its group leaves.
  it('results that are added count', () => {
    const added = messageTokens('tool', [
      { type: 'tool_result', content: 'No result was recorded for this call' },
    ]);
    const log = logOf([call('a', 10), text('user', 10), text('user', 10)]);
    const fitting = modelWindow(log, [], settings(30 + added, { trim_ratio: 1 }));
    const tight = modelWindow(log, [], settings(29 + added, { trim_ratio: 1 }));
    expect(seqs(fitting)).toEqual([1, 1, 2, 3]);
    expect(fitting.used_tokens).toBe(30 + added);
    expect(fitting.repairs).toEqual([{ code: 'call_without_result', seq: 1, call_id: 'a' }]);
    expect(seqs(tight)).toEqual([2, 3]);
  });
});

describe('the reference model: tokens', () => {
  it('counts what goes to the model, and the name of the message', () => {
    const parts = [
      { type: 'text', text: 'hello' },
      { type: 'reasoning', text: 'hello' },
      { type: 'tool_call', id: 'not counted', name: 'find', input: { q: 'x' } },
      { type: 'widget', size: 1 },
    ];
    const event = { role: 'assistant', name: 'bot', parts };
    const expected = 3 + 1 + 1 + 1 + tokensOf('find') + tokensOf('{"q":"x"}');
    const unknown = tokensOf('{"type":"widget","size":1}');
    const window = modelWindow(logOf([event]), [], settings(1000));
    expect(window.used_tokens).toBe(expected + unknown + tokensOf('bot') + 1);
  });

  it.each([
    [{ type: 'tool_result', tool_call_id: 'not counted', output: 'hello' }, 'hello'],
    [{ type: 'tool_result', content: 'hello' }, 'hello'],
    [{ type: 'tool_result', output: { rows: [1] } }, '{"rows":[1]}'],
    [{ type: 'tool-result', output: { type: 'text', value: 'hello' } }, 'hello'],
    [{ type: 'tool-result', output: { type: 'json', value: { rows: [1] } } }, '{"rows":[1]}'],
  ])('counts the text of the result %j', (part, counted) => {
    expect(messageTokens('tool', [part])).toBe(3 + 1 + tokensOf(counted));
  });
});

it('the reference model: a window is a prefix of another one if it has its first messages', () => {
  const window = (count: number) => modelWindow(logOf(users(count)), [], settings(80));
  expect(isPrefix(window(7), window(8))).toBe(true);
  expect(isPrefix(window(8), window(8))).toBe(true);
  expect(isPrefix(window(8), window(7))).toBe(false);
  expect(isPrefix(window(8), window(9))).toBe(false);
});
