import { describe, expect, it } from '@jest/globals';
import type { Part, Role } from '../types.js';
import { withContent } from './windows.js';

const text = (value: string): Part => ({ type: 'text', text: value });
const call = (toolCallId: string): Part => ({
  type: 'tool-call',
  toolCallId,
  toolName: 'lookup',
  input: { q: 1 },
});
const result = (toolCallId: string): Part => ({
  type: 'tool-result',
  toolCallId,
  toolName: 'lookup',
  output: { type: 'text', value: 'found' },
});

const windowOf = (...messages: [Role, ...Part[]][]) =>
  withContent(messages.map(([role, ...parts], index) => ({ seq: index + 1, role, parts })));
const contentsOf = (...messages: [Role, ...Part[]][]) => windowOf(...messages).map(({ content }) => content);

describe('withContent', () => {
  it('includes a tool call only together with its result', () => {
    const paired = contentsOf(
      ['user', text('a')],
      ['assistant', call('1'), call('2')],
      ['tool', result('1'), result('2')],
    );
    expect(paired.slice(1)).toEqual([
      [call('1'), call('2')],
      [result('1'), result('2')],
    ]);
    expect(contentsOf(['assistant', text('a'), call('1')], ['user', text('b')])).toEqual(['a', 'b']);
    expect(contentsOf(['assistant', call('1')])).toEqual(['[tool-call]']);
    expect(contentsOf(['user', text('a')], ['tool', result('1')])).toEqual(['a', []]);
  });

  it('does not pair a call with a result after the next user message', () => {
    expect(contentsOf(['assistant', call('1')], ['user', text('b')], ['tool', result('1')])).toEqual([
      '[tool-call]',
      'b',
      [],
    ]);
  });

  it('adds the content and changes nothing else, except that developer becomes system', () => {
    const [message] = windowOf(['developer', text('a'), call('1')]);
    expect(message).toEqual({ seq: 1, role: 'system', parts: [text('a'), call('1')], content: 'a' });
  });
});
