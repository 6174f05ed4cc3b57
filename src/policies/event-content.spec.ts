import { describe, expect, it } from '@jest/globals';
import { EventContent } from './event-content.js';

const tool_calls = [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }];
const text = { type: 'text', text: 'a' };

describe('EventContent.withParts', () => {
  it('leaves the tool calls beside the parts if no part is kept', () => {
    const content = new EventContent({ role: 'assistant', parts: [text], tool_calls });
    expect(content.withParts(() => false)?.event).toEqual({ role: 'assistant', parts: [], tool_calls });
  });

  it('returns undefined if nothing is left', () => {
    const message = new EventContent({ role: 'assistant', parts: [text] });
    const result = new EventContent({ role: 'tool', tool_call_id: 'a', parts: [text] });
    expect([message.withParts(() => false), result.withParts(() => false)]).toEqual([undefined, undefined]);
  });
});
