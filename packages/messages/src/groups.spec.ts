import { describe, expect, it } from '@jest/globals';
import type { MessageEvent } from './event.js';
import { groupEvents, dependOnEarlier } from './groups.js';
import { outlineOf, parseOutline, serializeOutline } from './outline.js';

const user: MessageEvent = { role: 'user', parts: [{ type: 'text', text: 'q' }] };
const answer: MessageEvent = { role: 'assistant', parts: [{ type: 'text', text: 'a' }] };
const reasoning: MessageEvent = {
  role: 'assistant',
  parts: [{ type: 'reasoning', id: 'rs_1', summary: [] }],
};
const call = (...ids: string[]): MessageEvent => ({
  role: 'assistant',
  parts: ids.map((id) => ({ type: 'tool_use', id, name: 'f', input: {} })),
});
const result = (id: string, ...parts: MessageEvent['parts']): MessageEvent => ({
  role: 'user',
  parts: [{ type: 'tool_result', tool_use_id: id, content: 'r' }, ...parts],
});

const approval: MessageEvent = {
  role: 'tool',
  parts: [{ type: 'tool-approval-response', approvalId: 'p', approved: true }],
};

const outlined = (...events: MessageEvent[]) =>
  events.map((event, index) => ({
    seq: index + 1,
    outline: parseOutline(serializeOutline(outlineOf(event))) ?? outlineOf(event),
  }));

function groups(...events: MessageEvent[]): string {
  return groupEvents(outlined(...events))
    .map(({ fromSeq, toSeq }) => (fromSeq === toSeq ? `${fromSeq}` : `${fromSeq}-${toSeq}`))
    .join(' ');
}

describe('groupEvents', () => {
  it('makes every event without tools a group of its own', () => {
    expect(groups(user, answer, user)).toBe('1 2 3');
    expect(groups()).toBe('');
  });

  it('keeps a call and its results together, with everything that stands between them', () => {
    expect(groups(user, call('a'), result('a'), answer)).toBe('1 2-3 4');
    expect(groups(user, call('a', 'b'), result('b'), user, result('a'), answer)).toBe('1 2-5 6');
  });

  it('joins groups that overlap', () => {
    expect(groups(call('a'), call('b'), result('a'), result('b'), user)).toBe('1-4 5');
  });

  it('keeps reasoning with the event that follows it', () => {
    expect(groups(user, reasoning, answer, user)).toBe('1 2-3 4');
    expect(groups(reasoning, reasoning, call('a'), result('a'))).toBe('1-4');
    expect(groups(user, reasoning)).toBe('1 2');
  });

  it('keeps approvals with the event before them', () => {
    expect(groups(user, call('a'), approval, approval, answer)).toBe('1 2-4 5');
    expect(groups(call('a', 'b'), result('a'), approval, result('b'), answer)).toBe('1-4 5');
    expect(groups(approval, user)).toBe('1 2');
  });

  it('does not extend a group for a call without a result, or a result without a call', () => {
    expect(groups(call('a'), user, result('b'))).toBe('1 2 3');
  });

  it('pairs ids that repeat in later turns with their own turn', () => {
    expect(groups(call('a'), result('a'), user, call('a'), result('a'))).toBe('1-2 3 4-5');
    expect(groups(call('a'), user, call('a'), result('a'))).toBe('1 2 3-4');
  });

  it('begins a turn with a message that has results and text', () => {
    const mixed = result('a', { type: 'text', text: 'and?' });
    expect(groups(call('a'), mixed, call('b'), { role: 'tool', parts: [{ type: 'text', text: 'r' }] })).toBe(
      '1-2 3-4',
    );
  });
});

describe('dependOnEarlier', () => {
  it('is true for events that begin with an approval, or have a result without its call', () => {
    expect(dependOnEarlier(outlined(approval, user))).toBe(true);
    expect(dependOnEarlier(outlined(user, result('a')))).toBe(true);
    expect(dependOnEarlier(outlined(call('a'), approval, result('a')))).toBe(false);
    expect(dependOnEarlier([])).toBe(false);
  });

  it('is true for a result without an id in the first turn, because an older call of the turn may be open', () => {
    const withoutId: MessageEvent = { role: 'tool', parts: [{ type: 'tool_result', output: 'r' }] };
    expect(dependOnEarlier(outlined(call('a'), withoutId))).toBe(true);
    expect(dependOnEarlier(outlined(user, call('a'), withoutId))).toBe(false);
  });
});

describe('serializeOutline', () => {
  it('is short for a message without tools', () => {
    expect(serializeOutline(outlineOf(answer))).toBe('1');
    expect(serializeOutline(outlineOf(user, 'string'))).toBe('1tu');
    expect(parseOutline('1tu')).toEqual(outlineOf(user, 'string'));
  });

  it('keeps tools with any id, and calls without one', () => {
    const event: MessageEvent = {
      role: 'assistant',
      parts: [
        { type: 'tool_call', name: 'f' },
        { type: 'tool_call', id: 'r"\n]é', name: 'f' },
        { type: 'server_tool_use', id: 'srv', name: 'web_search', input: {} },
      ],
    };
    const outline = outlineOf({ ...event, name: '\ud800' }, 'absent');
    expect(outline.tools.map(({ kind, id, isProviderExecuted }) => [kind, id, isProviderExecuted])).toEqual([
      ['call', undefined, false],
      ['call', 'r"\n]é', false],
      ['call', 'srv', true],
    ]);
    expect(outline.isIllFormed).toBe(true);
    expect(parseOutline(serializeOutline(outline))).toEqual(outline);
  });

  it('rejects an outline of another version', () => {
    expect(parseOutline('0')).toBeUndefined();
    expect(parseOutline('99u')).toBeUndefined();
    expect(parseOutline(null)).toBeUndefined();
  });
});
