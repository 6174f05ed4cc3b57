import { describe, expect, it } from '@jest/globals';
import type { Part } from '../event.js';
import { newToolParts } from './new-tool-parts.js';

const message = (...parts: Part[]) => ({ id: 'm', role: 'assistant' as const, parts });
const part = (toolCallId: string, fields: object): Part => ({
  type: 'tool-f',
  toolCallId,
  input: {},
  ...fields,
});
const result = (toolCallId: string, output: object) => ({
  type: 'tool-result',
  toolCallId,
  toolName: 'f',
  output,
});

describe('newToolParts', () => {
  it('returns new responses to approvals, and no old one', () => {
    const asked = part('a', { state: 'approval-requested', approval: { id: 'p' } });
    const approved = part('a', { state: 'approval-responded', approval: { id: 'p', approved: true } });
    expect(newToolParts(message(asked), message(approved))).toEqual({
      responses: [{ type: 'tool-approval-response', approvalId: 'p', approved: true }],
      results: [],
    });
    const other = part('a', { state: 'approval-responded', approval: { id: 'q', approved: true } });
    for (const [before, after] of [
      [approved, approved],
      [asked, other],
      [asked, asked],
    ])
      expect(newToolParts(message(before!), message(after!)).responses).toEqual([]);
  });

  it('returns new results of every state', () => {
    const open = part('a', { state: 'input-available' });
    const resultOf = (fields: object) => newToolParts(message(open), message(part('a', fields))).results[0];
    expect(resultOf({ state: 'output-available', output: 'r' })).toEqual(
      result('a', { type: 'text', value: 'r' }),
    );
    expect(resultOf({ state: 'output-available', output: { b: 1 } })).toEqual(
      result('a', { type: 'json', value: { b: 1 } }),
    );
    expect(resultOf({ state: 'output-error', errorText: 'no' })).toEqual(
      result('a', { type: 'error-text', value: 'no' }),
    );
    expect(
      resultOf({ state: 'output-denied', approval: { id: 'p', approved: false, reason: 'why' } }),
    ).toEqual(result('a', { type: 'execution-denied', reason: 'why' }));
    expect(resultOf({ state: 'output-available', output: 1, preliminary: true })).toBeUndefined();
    expect(resultOf({ state: 'input-available' })).toBeUndefined();
  });

  it('ignores calls that the message did not have, and calls that have a result', () => {
    const done = part('a', { state: 'output-available', output: 1 });
    const forged = part('b', { state: 'output-available', output: 1 });
    expect(newToolParts(message(done), message({ ...done, output: 2 }, forged)).results).toEqual([]);
  });
});
