import { describe, expect, it } from '@jest/globals';
import type { MessageEvent, Part } from './event.js';
import { repairWindow } from './repair.js';

const user = (text: string): MessageEvent => ({ role: 'user', parts: [{ type: 'text', text }] });
const assistant = (...parts: Part[]): MessageEvent => ({ role: 'assistant', parts });
const toolUse = (id: string): Part => ({ type: 'tool_use', id, name: 'f', input: {} });
const toolResult = (id: string): Part => ({ type: 'tool_result', tool_use_id: id, content: 'r' });
const TEXT = 'No result was recorded for this call';

function repair(...events: MessageEvent[]) {
  const window = events.map((event, index) => ({ seq: index + 1, event }));
  const { messages, repairs } = repairWindow(window);
  return { messages, repairs, events: messages.map(({ event }) => event), window };
}

describe('repairWindow', () => {
  it('returns the same messages if nothing is to repair', () => {
    const { messages, window, repairs } = repair(user('q'), assistant(toolUse('a')), {
      role: 'user',
      parts: [toolResult('a')],
    });
    expect(messages).toEqual(window.map((message, index) => ({ ...message, index, isAdded: false })));
    messages.forEach(({ event }, index) => expect(event).toBe(window[index]?.event));
    expect(repairs).toEqual([]);
  });

  it('removes a result without its call and keeps what else the message has', () => {
    const text = { type: 'text', text: 'and?' };
    const { messages, repairs } = repair(
      { role: 'user', parts: [toolResult('gone')] },
      { role: 'user', parts: [toolResult('gone-too'), text] },
      { role: 'tool', tool_call_id: 'x', parts: [{ type: 'text', text: 'out' }] },
    );
    expect(messages).toEqual([{ seq: 2, event: { role: 'user', parts: [text] }, index: 1, isAdded: false }]);
    expect(repairs.map(({ code, seq, call_id }) => [code, seq, call_id])).toEqual([
      ['result_without_call', 1, 'gone'],
      ['result_without_call', 2, 'gone-too'],
      ['result_without_call', 3, 'x'],
    ]);
  });

  it('removes a second result of one call', () => {
    const { events } = repair(assistant(toolUse('a')), {
      role: 'user',
      parts: [toolResult('a'), toolResult('a')],
    });
    expect(events[1]).toEqual({ role: 'user', parts: [toolResult('a')] });
  });

  it('adds a result in the dialect of the call, directly after its message', () => {
    const chat: MessageEvent = {
      role: 'assistant',
      parts: [],
      tool_calls: [
        { id: 'x', type: 'function', function: { name: 'f', arguments: '{}' } },
        { id: 'y', type: 'function', function: { name: 'f', arguments: '{}' } },
      ],
    };
    const { messages, repairs } = repair(
      assistant(toolUse('a'), toolUse('b')),
      { role: 'user', parts: [toolResult('b')] },
      chat,
      assistant({ type: 'tool-call', toolCallId: 'c', toolName: 'f', input: {} }),
      assistant({ type: 'function_call', call_id: 'd', name: 'f', arguments: '{}' }),
      assistant({ type: 'tool_call', id: 'e', name: 'f' }),
      assistant({ type: 'function_call', callId: 'g', name: 'f', arguments: '{}' }),
      user('next'),
    );
    const added = messages.flatMap(({ seq, event, isAdded }) => (isAdded ? { seq, event } : []));
    expect(added).toEqual([
      {
        seq: 1,
        event: {
          role: 'user',
          parts: [{ type: 'tool_result', tool_use_id: 'a', content: TEXT, is_error: true }],
          synthetic: true,
        },
      },
      ...['x', 'y'].map((id) => ({
        seq: 3,
        event: { role: 'tool', tool_call_id: id, parts: [{ type: 'text', text: TEXT }], synthetic: true },
      })),
      {
        seq: 4,
        event: {
          role: 'tool',
          parts: [
            {
              type: 'tool-result',
              toolCallId: 'c',
              toolName: 'f',
              output: { type: 'error-text', value: TEXT },
            },
          ],
          synthetic: true,
        },
      },
      {
        seq: 5,
        event: {
          role: 'tool',
          parts: [{ type: 'function_call_output', call_id: 'd', output: TEXT }],
          synthetic: true,
        },
      },
      {
        seq: 6,
        event: {
          role: 'tool',
          parts: [{ type: 'tool_result', tool_call_id: 'e', name: 'f', content: TEXT }],
          synthetic: true,
        },
      },
      {
        seq: 7,
        event: {
          role: 'tool',
          parts: [
            {
              type: 'function_call_result',
              callId: 'g',
              name: 'f',
              status: 'completed',
              output: { type: 'text', text: TEXT },
            },
          ],
          synthetic: true,
        },
      },
    ]);
    expect(messages.map(({ seq }) => seq)).toEqual([1, 1, 2, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8]);
    expect(repairs).toContainEqual({
      code: 'call_without_result',
      seq: 1,
      call_id: 'a',
      action: 'added a result',
    });
    expect(repairs).toHaveLength(7);
    expect(repairWindow(messages).repairs).toEqual([]);
  });

  it('answers the call of a UI message inside its part', () => {
    const part = { type: 'tool-f', toolCallId: 'a', state: 'input-available', input: {} };
    const { events } = repair(assistant(part), user('next'));
    expect(events[0]).toEqual(
      assistant({ ...part, state: 'output-error', errorText: TEXT, synthetic: true }),
    );
  });

  it('leaves a call open that the user has just approved', () => {
    const asked = assistant({
      ...{ type: 'tool-f', toolCallId: 'a', state: 'approval-requested', input: {} },
      approval: { id: 'p' },
    });
    const approval: MessageEvent = {
      role: 'tool',
      parts: [{ type: 'tool-approval-response', approvalId: 'p', approved: true }],
    };
    expect(repair(asked, approval)).toMatchObject({ repairs: [], events: [asked, approval] });
    expect(repair(asked, approval, user('next')).repairs).toHaveLength(1);
  });

  it('leaves a call open if nothing follows its group, and one that the provider executes', () => {
    const { repairs, events } = repair(
      user('q'),
      assistant({ type: 'server_tool_use', id: 's', name: 'web_search', input: {} }),
      assistant(toolUse('a'), toolUse('b')),
      { role: 'user', parts: [toolResult('a')] },
    );
    expect(repairs).toEqual([]);
    expect(events).toHaveLength(4);
  });

  it('leaves parallel calls open that are events of their own, until something else follows', () => {
    const call = (id: string) =>
      assistant({ type: 'function_call', call_id: id, name: 'f', arguments: '{}' });
    const output: MessageEvent = {
      role: 'tool',
      parts: [{ type: 'function_call_output', call_id: 'b', output: 'r' }],
    };
    expect(repair(user('q'), call('a'), call('b')).repairs).toEqual([]);
    expect(repair(user('q'), call('a'), call('b'), output).repairs).toEqual([]);
    const said = repair(user('q'), call('a'), call('b'), output, assistant({ type: 'text', text: 'So' }));
    expect(said.repairs).toMatchObject([{ code: 'call_without_result', seq: 2, call_id: 'a' }]);
    const asked = repair(user('q'), call('a'), call('b'), user('r'));
    expect(asked.repairs).toMatchObject([{ call_id: 'a' }, { call_id: 'b' }]);
  });

  it('replaces lone surrogates by U+FFFD, and nothing else', () => {
    const fine = { type: 'text', text: '😀' };
    const { events, repairs } = repair({
      role: 'user',
      name: 'x\udc00',
      parts: [fine, { type: 'text', text: 'a\ud800b' }],
    });
    expect(events).toEqual([
      { role: 'user', name: 'x\ufffd', parts: [fine, { type: 'text', text: 'a\ufffdb' }] },
    ]);
    expect(events[0]?.parts[0]).toBe(fine);
    expect(repairs).toEqual([
      { code: 'ill_formed_text', seq: 1, action: 'replaced lone surrogates by U+FFFD' },
    ]);
  });

  it('adds a result for a call of LangChain, which has no type', () => {
    const call = { id: 'x', name: 'f', args: {} };
    const { events } = repair({ role: 'assistant', parts: [], tool_calls: [call] }, user('next'));
    expect(events[1]).toMatchObject({ role: 'tool', tool_call_id: 'x', synthetic: true });
  });

  it('leaves a call open that the user has just approved, and answers it when the conversation goes on', () => {
    const call = { type: 'tool-call', toolCallId: 'a', toolName: 'f', input: {} };
    const request = { type: 'tool-approval-request', approvalId: 'p', toolCallId: 'a' };
    const response = { type: 'tool-approval-response', approvalId: 'p', approved: true };
    const approved = [user('q'), assistant(call, request), { role: 'tool', parts: [response] }] as const;
    expect(repair(...approved).repairs).toEqual([]);
    expect(repair(...approved, user('next')).repairs).toMatchObject([
      { code: 'call_without_result', seq: 2 },
    ]);
  });
});
