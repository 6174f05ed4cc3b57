import { describe, expect, it } from '@jest/globals';
import type { Part } from '../event.js';
import { readItems } from './read-items.js';

const items = (part: Part) => readItems({ role: 'assistant', parts: [part] });

describe('readItems', () => {
  it('keeps the texts of a tagged output that also has blocks of other types', () => {
    const output = {
      type: 'content',
      value: [
        { type: 'text', text: 'here' },
        { type: 'custom', providerOptions: { a: {} } },
      ],
    };
    expect(items({ type: 'tool-result', toolCallId: 'c', toolName: 'f', output })).toMatchObject([
      {
        output: {
          type: 'content',
          content: [
            { type: 'text', text: 'here' },
            { type: 'text', text: '{"type":"custom","providerOptions":{"a":{}}}' },
          ],
        },
      },
    ]);
  });

  it.each(['constructor', 'toString', '__proto__'])('reads a part of the type %p as opaque', (type) => {
    expect(items({ type, url: 'https://example.com/a' })).toMatchObject([{ kind: 'opaque' }]);
  });

  it('reads tool calls of LangChain, which have no type', () => {
    const event = {
      role: 'assistant',
      parts: [],
      tool_calls: [{ id: 'c', name: 'f', args: { a: 1 } }],
    } as const;
    expect(readItems(event)).toMatchObject([{ kind: 'call', id: 'c', name: 'f', input: { a: 1 } }]);
  });

  it('takes the type of a file from its name or its URL, if nothing else tells it', () => {
    const typeOf = (fields: object) => {
      const [item] = readItems({ role: 'user', parts: [{ type: 'input_file', ...fields }] });
      return item?.kind === 'media' && item.media.mediaType;
    };
    expect(typeOf({ file_url: 'https://a.b/Report.PDF?page=2#top' })).toBe('application/pdf');
    expect(typeOf({ file_data: 'YQ==', filename: 'notes.txt' })).toBe('text/plain');
    expect(typeOf({ file_data: 'data:image/png;base64,YQ==', filename: 'a.pdf' })).toBe('image/png');
    expect(typeOf({ file_url: 'https://a.b/c' })).toBe('application/octet-stream');
  });
});
