import { describe, expect, it } from '@jest/globals';
import type { Part, WindowMessage } from '../types.js';
import { olderMessages } from './older-messages.js';

const message = (seq: number, role: WindowMessage['role'], ...parts: Part[]): WindowMessage => ({
  ...{ seq, role, parts, content: '' },
});
const text = { type: 'text', text: 'x' };
const call = (id: string) => ({ type: 'tool-call', toolCallId: id, toolName: 'f', input: {} });
const result = (id: string) => ({ type: 'tool-result', toolCallId: id, toolName: 'f', output: 1 });
const seqs = (messages: WindowMessage[], keep?: number) =>
  olderMessages(messages, { keep }).map(({ seq }) => seq);

describe('olderMessages', () => {
  const plain = Array.from({ length: 12 }, (_, index) => message(index + 1, 'user', text));

  it('leaves out the newest messages, by default ten', () => {
    expect(seqs(plain)).toEqual([1, 2]);
    expect(seqs(plain, 9)).toEqual([1, 2, 3]);
    expect(seqs(plain, 0)).toHaveLength(12);
    expect(seqs(plain, 20)).toEqual([]);
    expect(() => olderMessages(plain, { keep: -1 })).toThrow(/^keep must be/);
  });

  it('never ends between a tool call and its results', () => {
    const tools = [
      message(1, 'user', text),
      message(2, 'assistant', call('a'), call('b')),
      message(3, 'tool', result('a')),
      message(4, 'tool', result('b')),
      message(5, 'assistant', text),
    ];
    expect([0, 1, 2, 3, 4, 5].map((keep) => seqs(tools, keep))).toEqual([
      ...[[1, 2, 3, 4, 5], [1, 2, 3, 4], [1], [1], [1], []],
    ]);
  });

  it('leaves out the leading system messages, and replaces summaries', () => {
    const window = [
      message(1, 'system', text),
      { ...message(2, 'system', text), fromSeq: 2, toSeq: 9 },
      message(10, 'user', text),
      message(11, 'user', text),
    ];
    expect(seqs(window, 1)).toEqual([2, 10]);
    expect(seqs(window.slice(0, 1), 0)).toEqual([]);
  });
});
