import { describe, expect, it } from '@jest/globals';
import type { MessageEvent, Part } from '../event.js';
import { readItems } from './read-items.js';

const user = (...parts: Part[]): MessageEvent => ({ role: 'user', parts });

describe('reading OpenAI Chat', () => {
  it('reads texts, images, audio and files of a message', () => {
    const parts = [
      { type: 'text', text: 'what is this?' },
      { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
      { type: 'image_url', image_url: { url: 'data:image/webp;base64,UklGR' } },
      { type: 'input_audio', input_audio: { data: 'SUQz', format: 'mp3' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' } },
      { type: 'file', file: { file_id: 'file-1' } },
    ];
    const items = readItems(user(...parts));
    expect(items.map(({ source }) => source)).toEqual(parts);
    expect(items).toMatchObject([
      { kind: 'text', text: 'what is this?', place: { field: 'parts', index: 0 } },
      { media: { mediaType: 'image/*', data: { type: 'url', url: 'https://example.com/a.png' } } },
      { media: { mediaType: 'image/webp', data: { type: 'base64', base64: 'UklGR' } } },
      { media: { mediaType: 'audio/mpeg', data: { type: 'base64', base64: 'SUQz' } } },
      {
        media: {
          mediaType: 'application/pdf',
          data: { type: 'base64', base64: 'JVBE' },
          filename: 'a.pdf',
        },
      },
      { media: { mediaType: 'application/octet-stream', data: { type: 'file-id', fileId: 'file-1' } } },
    ]);
  });

  it('reads the calls beside the content, custom tools and the older function_call included', () => {
    const event: MessageEvent = {
      role: 'assistant',
      parts: [{ type: 'text', text: 'Let us look.' }],
      tool_calls: [
        { id: 'call_1', type: 'function', function: { name: 'ls', arguments: '{"path":"/"}' } },
        { id: 'call_2', type: 'custom', custom: { name: 'sql', input: 'SELECT 1' } },
        { id: 'call_3', type: 'function', function: { name: 'broken', arguments: '{"path":' } },
      ],
      function_call: { name: 'old', arguments: '' },
    };
    expect(readItems(event)).toMatchObject([
      { kind: 'text', text: 'Let us look.' },
      {
        ...{ kind: 'call', id: 'call_1', name: 'ls', input: { path: '/' }, isProviderExecuted: false },
        place: { field: 'tool_calls', index: 0 },
      },
      { kind: 'call', id: 'call_2', name: 'sql', input: 'SELECT 1' },
      { kind: 'call', id: 'call_3', name: 'broken', input: '{"path":' },
      { kind: 'call', id: undefined, name: 'old', input: {}, place: { field: 'function_call', index: 0 } },
    ]);
  });

  it('reads a tool message as the result of the call that it names', () => {
    const asText: MessageEvent = {
      role: 'tool',
      tool_call_id: 'call_1',
      parts: [{ type: 'text', text: 'out' }],
    };
    const asParts: MessageEvent = { ...asText, parts: [...asText.parts, { type: 'text', text: 'more' }] };
    const empty: MessageEvent = { ...asText, parts: [] };
    expect([asText, asParts, empty].map(readItems)).toMatchObject([
      [{ kind: 'result', callId: 'call_1', output: { type: 'text', text: 'out' }, source: asText }],
      [{ output: { type: 'content', content: [{ text: 'out' }, { text: 'more' }] } }],
      [{ output: { type: 'text', text: '' } }],
    ]);
  });

  it('reads a tool message without an id as a result only if it has nothing but content', () => {
    const approval = { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: true };
    expect(readItems({ role: 'tool', parts: [approval] })).toMatchObject([{ kind: 'opaque' }]);
    expect(readItems({ role: 'tool', parts: [{ type: 'text', text: 'out' }] })).toMatchObject([
      { kind: 'result', callId: undefined, output: { type: 'text', text: 'out' } },
    ]);
  });

  it('reads refusals, reasoning and the transcript of an audio answer', () => {
    expect(
      readItems({
        role: 'assistant',
        parts: [{ type: 'refusal', refusal: 'No.' }],
        refusal: 'Never.',
        reasoning_content: 'hm',
        audio: { id: 'audio_1', transcript: 'Hello', data: '' },
      }),
    ).toMatchObject([
      { kind: 'reasoning', text: 'hm' },
      { kind: 'text', text: 'No.', isRefusal: true },
      { kind: 'text', text: 'Never.', isRefusal: true },
      { kind: 'text', text: 'Hello', isRefusal: false },
    ]);
  });
});
