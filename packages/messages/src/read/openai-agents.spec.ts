import { describe, expect, it } from '@jest/globals';
import type { Part } from '../event.js';
import { repairWindow } from '../repair.js';
import { readItems } from './read-items.js';

const read = (...parts: Part[]) => readItems({ role: 'assistant', parts });
const result = (output: unknown): Part => ({
  ...{ type: 'function_call_result', callId: 'call_1', name: 'f', status: 'completed' },
  output,
});

describe('reading items of the OpenAI Agents SDK', () => {
  it('reads messages, reasoning and calls', () => {
    expect(
      read(
        { type: 'reasoning', id: 'rs_1', content: [{ type: 'input_text', text: 'hm' }] },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Yes' }] },
        { type: 'function_call', id: 'fc_1', callId: 'call_1', name: 'f', arguments: '{"a":1}' },
        { type: 'hosted_tool_call', id: 'ws_1', name: 'web_search_call', status: 'completed' },
        { type: 'hosted_tool_call', id: 'mcp_1', name: 'roll', arguments: '{"d":6}', output: '4' },
        { type: 'computer_call', callId: 'call_2', action: { type: 'screenshot' } },
      ),
    ).toMatchObject([
      { kind: 'reasoning', text: 'hm' },
      { kind: 'text', text: 'Yes' },
      { kind: 'call', id: 'call_1', name: 'f', input: { a: 1 }, isProviderExecuted: false },
      { kind: 'call', id: 'ws_1', name: 'web_search_call', isProviderExecuted: true },
      { kind: 'call', id: 'mcp_1', name: 'roll', input: { d: 6 }, isProviderExecuted: true },
      { kind: 'result', callId: 'mcp_1', output: { type: 'text', text: '4' } },
      { kind: 'call', id: 'call_2', name: 'computer', input: { type: 'screenshot' } },
    ]);
  });

  it('reads results in every spelling', () => {
    const image = { mediaType: 'image/png', data: { type: 'base64', base64: 'iVBOR' } };
    const pdf = { mediaType: 'application/pdf', data: { type: 'base64', base64: 'JVBE' }, filename: 'a.pdf' };
    const file = { data: 'JVBE', mediaType: 'application/pdf', filename: 'a.pdf' };
    expect(
      read(
        result('r'),
        result({ type: 'text', text: 'r' }),
        result({ type: 'image', image: { data: 'iVBOR', mediaType: 'image/png' } }),
        result({ type: 'image', image: 'data:image/png;base64,iVBOR' }),
        result({ type: 'image', image: { fileId: 'file-1' } }),
        result({ type: 'file', file }),
        result({ type: 'file', file: { id: 'file-1' } }),
        result([
          { type: 'input_text', text: 'see' },
          { type: 'input_image', image: 'https://example.com/a.png' },
          { type: 'input_image', image: { id: 'file-1' } },
          { type: 'input_file', file: { url: 'https://example.com/a.pdf' } },
          { type: 'input_file', file: 'data:application/pdf;base64,JVBE', filename: 'a.pdf' },
        ]),
        {
          ...{ type: 'computer_call_result', callId: 'call_2' },
          output: { type: 'computer_screenshot', data: 'data:image/png;base64,iVBOR' },
        },
        { type: 'program_output', callId: 'call_3', output: '3', status: 'completed' },
      ).map((item) => item.kind === 'result' && item.output),
    ).toMatchObject([
      { type: 'text', text: 'r' },
      { type: 'text', text: 'r' },
      { type: 'content', content: [{ type: 'media', media: image }] },
      { content: [{ media: image }] },
      { content: [{ media: { data: { type: 'file-id', fileId: 'file-1' } } }] },
      { content: [{ media: pdf }] },
      { content: [{ media: { data: { type: 'file-id', fileId: 'file-1' } } }] },
      {
        content: [
          { type: 'text', text: 'see' },
          { media: { data: { type: 'url', url: 'https://example.com/a.png' } } },
          { media: { mediaType: 'image/*', data: { type: 'file-id', fileId: 'file-1' } } },
          { media: { data: { type: 'url', url: 'https://example.com/a.pdf' } } },
          { media: pdf },
        ],
      },
      { content: [{ media: image }] },
      { type: 'text', text: '3' },
    ]);
  });

  it('reads audio of a user', () => {
    expect(read({ type: 'audio', audio: 'UklGR', format: 'wav' })).toMatchObject([
      { kind: 'media', media: { mediaType: 'audio/wav', data: { type: 'base64', base64: 'UklGR' } } },
    ]);
  });

  it('binds the output of a hosted call to the call when the item has no id', () => {
    const item = { type: 'hosted_tool_call', name: 'web_search', status: 'completed', output: 'found' };
    const [call, output] = read(item);
    expect(call).toMatchObject({ kind: 'call', name: 'web_search' });
    expect(output).toMatchObject({ kind: 'result', callId: (call as { id?: string }).id });
    const event = { role: 'assistant' as const, parts: [item] };
    expect(repairWindow([{ seq: 1, event }]).repairs).toEqual([]);
  });
});
