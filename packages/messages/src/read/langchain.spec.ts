import { describe, expect, it } from '@jest/globals';
import type { MessageEvent, Part } from '../event.js';
import { reducedEvent, withReplacedOutputs } from '../reduce.js';
import { readItems } from './read-items.js';

const media = (...parts: Part[]) =>
  readItems({ role: 'user', parts }).map((item) => (item.kind === 'media' ? item.media : item));

describe('reading LangChain', () => {
  it('counts a call once that is in the content and in tool_calls', () => {
    const event: MessageEvent = {
      role: 'assistant',
      parts: [{ type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } }],
      tool_calls: [
        { type: 'tool_call', id: 'toolu_1', name: 'f', args: { a: 1 } },
        { type: 'tool_call', id: 'toolu_2', name: 'g', args: {} },
      ],
    };
    expect(readItems(event)).toMatchObject([
      { kind: 'call', id: 'toolu_1', name: 'f', place: { field: 'parts', index: 0 } },
      { kind: 'call', id: 'toolu_2', name: 'g', place: { field: 'tool_calls', index: 1 } },
    ]);
  });

  it('reads a tool message with its status', () => {
    const event: MessageEvent = {
      role: 'tool',
      ...{ tool_call_id: 'c', name: 'f', status: 'error' },
      parts: [{ type: 'text', text: 'no' }],
    };
    expect(readItems(event)).toMatchObject([
      { kind: 'result', callId: 'c', name: 'f', output: { type: 'text', text: 'no' }, isError: true },
    ]);
  });

  it('reads standard blocks of version 1', () => {
    const parts = [
      { type: 'reasoning', reasoning: 'hm' },
      { type: 'tool_call', id: 'c', name: 'f', args: { a: 1 } },
      { type: 'invalid_tool_call', id: 'd', name: 'f', args: '{"a":', error: 'cut' },
      { type: 'server_tool_call', id: 's', name: 'web_search', args: {} },
      { type: 'server_tool_call_result', toolCallId: 's', status: 'error', output: { code: 1 } },
      { type: 'refusal', refusal: 'No' },
      { type: 'text-plain', text: 'wet', mimeType: 'text/plain' },
      { type: 'non_standard', value: { a: 1 } },
    ];
    expect(readItems({ role: 'assistant', parts })).toMatchObject([
      { kind: 'reasoning', text: 'hm' },
      { kind: 'call', id: 'c', input: { a: 1 } },
      { kind: 'call', id: 'd', input: '{"a":' },
      { kind: 'call', id: 's', isProviderExecuted: true },
      { kind: 'result', callId: 's', output: { type: 'json', value: { code: 1 } }, isError: true },
      { kind: 'text', text: 'No', isRefusal: true },
      { kind: 'media', media: { mediaType: 'text/plain', data: { type: 'text', text: 'wet' } } },
      { kind: 'opaque' },
    ]);
  });

  it('reads the reasoning of Amazon Bedrock', () => {
    const part = { type: 'reasoning_content', reasoningText: { text: 'hm', signature: 'x' } };
    expect(readItems({ role: 'assistant', parts: [part] })).toMatchObject([
      { kind: 'reasoning', text: 'hm' },
    ]);
  });

  it('reads media of version 0 and 1', () => {
    expect(
      media(
        { type: 'image', source_type: 'base64', mime_type: 'image/png', data: 'iVBOR' },
        { type: 'file', source_type: 'url', mime_type: 'application/pdf', url: 'https://example.com/a' },
        { type: 'file', source_type: 'id', id: 'file-1', metadata: { filename: 'a.pdf' } },
        { type: 'image', mimeType: 'image/png', data: 'iVBOR' },
        { type: 'audio', mimeType: 'audio/wav', data: 'UklGR', id: 'block-1' },
        { type: 'file', fileId: 'file-1', mimeType: 'application/pdf' },
        { type: 'image_url', image_url: 'https://example.com/a.png' },
      ),
    ).toEqual([
      { mediaType: 'image/png', data: { type: 'base64', base64: 'iVBOR' } },
      { mediaType: 'application/pdf', data: { type: 'url', url: 'https://example.com/a' } },
      {
        ...{ mediaType: 'application/pdf', filename: 'a.pdf' },
        data: { type: 'file-id', fileId: 'file-1' },
      },
      { mediaType: 'image/png', data: { type: 'base64', base64: 'iVBOR' } },
      { mediaType: 'audio/wav', data: { type: 'base64', base64: 'UklGR' } },
      { mediaType: 'application/pdf', data: { type: 'file-id', fileId: 'file-1' } },
      { mediaType: 'image/*', data: { type: 'url', url: 'https://example.com/a.png' } },
    ]);
  });

  it('reads a text document of version 0 as text', () => {
    expect(media({ type: 'file', source_type: 'text', text: 'wet' })).toMatchObject([
      { kind: 'text', text: 'wet' },
    ]);
  });

  it('reads stored messages that are parts', () => {
    const ai = {
      type: 'ai',
      data: {
        content: [
          { type: 'text', text: 'Looking' },
          { type: 'tool_use', id: 'c', name: 'f', input: { a: 1 } },
        ],
        tool_calls: [{ type: 'tool_call', id: 'c', name: 'f', args: { a: 1 } }],
      },
    };
    expect(readItems({ role: 'assistant', parts: [ai] })).toMatchObject([
      { kind: 'text', text: 'Looking', source: ai, place: { field: 'parts', index: 0 } },
      { kind: 'call', id: 'c', name: 'f', input: { a: 1 } },
    ]);
    const tool = { type: 'tool', data: { content: 'ok', tool_call_id: 'c', name: 'f', status: 'error' } };
    expect(readItems({ role: 'tool', parts: [tool] })).toMatchObject([
      { kind: 'result', callId: 'c', output: { type: 'text', text: 'ok' }, isError: true, source: tool },
    ]);
    const event = { role: 'tool' as const, parts: [tool] };
    expect(reducedEvent(event, withReplacedOutputs(event, 'gone')).parts).toEqual([
      { ...tool, data: { ...tool.data, content: 'gone' } },
    ]);
    expect(readItems({ role: 'user', parts: [{ type: 'human', data: { content: 'Hi' } }] })).toMatchObject([
      { kind: 'text', text: 'Hi' },
    ]);
    expect(readItems({ role: 'user', parts: [{ type: 'human', data: 'x' }] })).toMatchObject([
      { kind: 'opaque' },
    ]);
  });

  it('counts a call once that an earlier version of the client stored twice', () => {
    const call = { id: 'c', name: 'f' };
    const parts = [
      { ...call, type: 'tool_use', input: {} },
      { ...call, type: 'tool_call', args: {}, origin: 'tool_calls' },
      { ...call, type: 'tool_call', id: 'd', args: {}, origin: 'tool_calls' },
    ];
    expect(readItems({ role: 'assistant', parts })).toMatchObject([{ id: 'c' }, { id: 'd' }]);
    // A UI message with several steps may use an id again.
    const steps = [call, call].map((each) => ({ ...each, type: 'tool-call', toolCallId: 'c', input: {} }));
    expect(readItems({ role: 'assistant', parts: steps })).toHaveLength(2);
  });
});
