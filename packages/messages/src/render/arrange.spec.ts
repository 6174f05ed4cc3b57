import { describe, expect, it } from '@jest/globals';
import type { MessageEvent, Part } from '../event.js';
import type { Item } from '../items.js';
import type { WindowEvent } from '../window-event.js';
import { arrange } from './arrange.js';

const text = (value: string): Part => ({ type: 'text', text: value });
const user = (...parts: Part[]): MessageEvent => ({ role: 'user', parts });
const assistant = (...parts: Part[]): MessageEvent => ({ role: 'assistant', parts });
const tool = (...parts: Part[]): MessageEvent => ({ role: 'tool', parts });
const call = (id: string, fields: object = {}): Part => ({
  type: 'tool-call',
  toolCallId: id,
  toolName: 'f',
  input: {},
  ...fields,
});
const result = (id: string): Part => ({
  type: 'tool-result',
  toolCallId: id,
  toolName: 'f',
  output: { type: 'text', value: id },
});
const approval: Part = { type: 'tool-approval-response', approvalId: 'x', approved: true };

const windowOf = (events: readonly MessageEvent[]): WindowEvent[] =>
  events.map((event, index) => ({ seq: index + 1, event }));

/** One line per message: its role, its seq and its items. */
function outline(events: readonly MessageEvent[], isNative: (item: Item) => boolean = () => true) {
  const { messages, repairs } = arrange(windowOf(events), isNative);
  const nameOf = (item: Item) => {
    if (item.kind === 'text') return item.text;
    if (item.kind === 'call') return `call ${item.id}`;
    return item.kind === 'result' ? `result ${item.callId}` : item.kind;
  };
  return {
    lines: messages.map(({ role, seq, items }) => `${role} ${seq}: ${items.map(nameOf).join(', ')}`),
    repairs: repairs.map(({ code, seq, call_id }) => `${code} ${seq} ${call_id ?? ''}`.trim()),
  };
}

describe('arrange', () => {
  it('keeps the order of a conversation that is in order', () => {
    const { lines, repairs } = outline([
      user(text('q')),
      assistant(call('a'), call('b')),
      tool(result('b'), result('a')),
      assistant(text('done')),
    ]);
    expect(lines).toEqual([
      'user 1: q',
      'assistant 2: call a, call b',
      'tool 3: result b, result a',
      'assistant 4: done',
    ]);
    expect(repairs).toEqual([]);
  });

  it('puts results directly behind their call and leaves the rest of their message at its place', () => {
    const { lines, repairs } = outline([
      assistant(call('a'), call('b')),
      user(text('wait'), result('b')),
      assistant(text('sorry')),
      tool(result('a')),
    ]);
    expect(lines).toEqual([
      'assistant 1: call a, call b',
      'tool 2: result b',
      'tool 4: result a',
      'user 2: wait',
      'assistant 3: sorry',
    ]);
    expect(repairs).toEqual(['moved 4 a']);
  });

  it('answers the calls of interleaved messages one after the other', () => {
    const { lines, repairs } = outline([
      assistant(call('a')),
      assistant(call('b')),
      tool(result('a')),
      tool(result('b')),
    ]);
    expect(lines).toEqual([
      'assistant 1: call a',
      'tool 3: result a',
      'assistant 2: call b',
      'tool 4: result b',
    ]);
    expect(repairs).toEqual(['moved 3 a']);
  });

  it('keeps calls that the provider executes, and their results, where they are if both are native', () => {
    const events = [
      user(text('q')),
      assistant(call('s', { providerExecuted: true }), result('s'), text('found'), call('a')),
      tool(result('a')),
    ];
    expect(outline(events).lines).toEqual([
      'user 1: q',
      'assistant 2: call s, result s, found, call a',
      'tool 3: result a',
    ]);
    expect(outline(events, () => false).lines).toEqual([
      'user 1: q',
      'assistant 2: call s',
      'tool 2: result s',
      'assistant 2: found, call a',
      'tool 3: result a',
    ]);
  });

  it('leaves out a call that the provider executes and that has no result, except at the end', () => {
    const open = assistant(text('hm'), call('s', { providerExecuted: true }));
    expect(outline([user(text('q')), open]).lines[1]).toBe('assistant 2: hm, call s');
    expect(outline([user(text('q')), open, user(text('r'))])).toEqual({
      lines: ['user 1: q', 'assistant 2: hm', 'user 3: r'],
      repairs: ['left_out 2 s'],
    });
    expect(outline([user(text('q')), open], () => false).repairs).toEqual(['left_out 2 s']);
  });

  it('keeps the calls of one step of a UI message together', () => {
    const part = (toolCallId: string) => ({
      type: 'tool-f',
      toolCallId,
      state: 'output-available',
      input: {},
      output: 1,
    });
    const step = { type: 'step-start' };
    const steps = [assistant(step, text('x'), part('a'), part('b'), step, part('c'), step, text('y'))];
    expect(outline(steps).lines).toEqual([
      'assistant 1: step, x, call a, call b',
      'tool 1: result a, result b',
      'assistant 1: step, call c',
      'tool 1: result c',
      'assistant 1: step, y',
    ]);
    expect(outline([assistant(part('a'), part('b'), text('x'), part('c'))]).lines).toEqual([
      'assistant 1: call a, call b',
      'tool 1: result a, result b',
      'assistant 1: x, call c',
      'tool 1: result c',
    ]);
  });

  it('writes an approval before the result that it led to', () => {
    const { lines } = outline([assistant(call('a')), tool(approval), tool(result('a')), tool(approval)]);
    expect(lines).toEqual(['assistant 1: call a', 'tool 2: opaque', 'tool 3: result a', 'tool 4: opaque']);
  });

  it('leaves a call open that may stay open', () => {
    const window = windowOf([assistant(call('a'), call('b')), tool(approval)]);
    const { messages, repairs } = arrange(
      window,
      () => true,
      ([message]) => new Set(message?.items.filter((item) => item.kind === 'call').slice(0, 1)),
    );
    expect(messages.map(({ role, items }) => [role, items.length])).toEqual([
      ['assistant', 2],
      ['tool', 1],
      ['tool', 1],
    ]);
    expect(repairs.map(({ call_id }) => call_id)).toEqual(['b']);
  });

  it('reads no call in a message of anybody but the model', () => {
    expect(outline([user(call('a'), text('q')), tool(result('a'))])).toEqual({
      lines: ['user 1: opaque, q'],
      repairs: ['result_without_call 2 a'],
    });
  });

  it('knows the open turn, whole messages and the whole log', () => {
    const events = [
      user(text('q')),
      assistant(call('a')),
      tool(result('a')),
      user(result('x'), text('r')),
      assistant(call('b')),
      tool(result('b')),
    ];
    const { messages, isWholeLog } = arrange(windowOf(events), () => true);
    expect(messages.map(({ isInOpenTurn }) => isInOpenTurn)).toEqual([
      false,
      false,
      false,
      false,
      true,
      true,
    ]);
    expect(messages.map(({ isWhole }) => isWhole)).toEqual([true, true, true, false, true, true]);
    expect(isWholeLog).toBe(false);
    expect(arrange(windowOf(events.slice(0, 3)), () => true).isWholeLog).toBe(true);
    expect(arrange(windowOf(events).slice(1, 3), () => true).isWholeLog).toBe(false);
  });
});
