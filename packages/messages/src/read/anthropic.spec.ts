import { describe, expect, it } from '@jest/globals';
import type { Part } from '../event.js';
import { readItems } from './read-items.js';

const read = (...parts: Part[]) => readItems({ role: 'assistant', parts });
const result = (content: unknown, fields: object = {}): Part => ({
  type: 'tool_result',
  tool_use_id: 'toolu_1',
  ...(content !== undefined && { content }),
  ...fields,
});

describe('reading Anthropic', () => {
  it('reads texts and thinking', () => {
    expect(
      read(
        { type: 'thinking', thinking: 'hm', signature: 'EqQ' },
        { type: 'redacted_thinking', data: 'Emw' },
        { type: 'text', text: 'Yes', citations: null },
        { type: 'compaction', content: 'The user wants rain.' },
      ),
    ).toMatchObject([
      { kind: 'reasoning', text: 'hm' },
      { kind: 'reasoning', text: '' },
      { kind: 'text', text: 'Yes' },
      { kind: 'text', text: 'The user wants rain.' },
    ]);
  });

  it('reads images and documents of every source', () => {
    const source = (fields: object) => ({ type: 'document', source: fields });
    expect(
      read(
        { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: '/9j/' } },
        { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
        { type: 'image', source: { type: 'file', file_id: 'file_1' } },
        {
          ...source({ type: 'base64', media_type: 'application/pdf', data: 'JVBE' }),
          title: 'Report',
          context: 'of May',
        },
        source({ type: 'url', url: 'https://example.com/a.pdf' }),
        source({ type: 'text', media_type: 'text/plain', data: 'wet' }),
        source({ type: 'content', content: 'wet' }),
        source({
          type: 'content',
          content: [
            { type: 'text', text: 'wet' },
            { type: 'text', text: 'day' },
          ],
        }),
      ).map((item) => (item.kind === 'media' ? item.media : item.kind)),
    ).toEqual([
      { mediaType: 'image/jpeg', data: { type: 'base64', base64: '/9j/' } },
      { mediaType: 'image/*', data: { type: 'url', url: 'https://example.com/a.png' } },
      { mediaType: 'image/*', data: { type: 'file-id', fileId: 'file_1' } },
      { mediaType: 'application/pdf', data: { type: 'base64', base64: 'JVBE' }, filename: 'Report' },
      { mediaType: 'application/pdf', data: { type: 'url', url: 'https://example.com/a.pdf' } },
      { mediaType: 'text/plain', data: { type: 'text', text: 'wet' } },
      { mediaType: 'application/pdf', data: { type: 'text', text: 'wet' } },
      { mediaType: 'application/pdf', data: { type: 'text', text: 'wet\nday' } },
    ]);
  });

  it('reads calls, and those that Anthropic runs', () => {
    expect(
      read(
        { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } },
        { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'rain' } },
        { type: 'mcp_tool_use', id: 'mcptoolu_1', name: 'roll', server_name: 'd', input: {} },
      ),
    ).toMatchObject([
      { kind: 'call', id: 'toolu_1', name: 'f', input: { a: 1 }, isProviderExecuted: false },
      { kind: 'call', id: 'srvtoolu_1', name: 'web_search', isProviderExecuted: true },
      { kind: 'call', id: 'mcptoolu_1', name: 'roll', isProviderExecuted: true },
    ]);
  });

  it('reads results as text or content; blocks of other types become JSON text', () => {
    const state = { type: 'browser_state', tabs: [] };
    const reference = { type: 'tool_reference', tool_name: 'f' };
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBOR' } };
    expect(
      read(
        result('r'),
        result(undefined),
        result([]),
        result([{ type: 'text', text: 'see' }, image, state], { is_error: true }),
        result([reference]),
      ),
    ).toMatchObject([
      { kind: 'result', callId: 'toolu_1', output: { type: 'text', text: 'r' }, isError: false },
      { output: { type: 'text', text: '' } },
      { output: { type: 'text', text: '' } },
      {
        isError: true,
        output: {
          type: 'content',
          content: [
            { type: 'text', text: 'see' },
            { type: 'media', media: { mediaType: 'image/png' }, source: image },
            { type: 'text', text: '{"type":"browser_state","tabs":[]}' },
          ],
        },
      },
      { output: { type: 'json', value: [reference] } },
    ]);
  });

  it('reads the results of server tools and says which are errors', () => {
    const found = [{ type: 'web_search_result', url: 'https://example.com', title: 'Rain' }];
    const error = { type: 'web_search_tool_result_error', error_code: 'unavailable' };
    const page = {
      type: 'web_fetch_result',
      url: 'https://example.com/a.pdf',
      content: { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' } },
    };
    expect(
      read(
        { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: found },
        { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_2', content: error },
        { type: 'web_fetch_tool_result', tool_use_id: 'srvtoolu_3', content: page },
        {
          ...{ type: 'mcp_tool_result', tool_use_id: 'mcptoolu_1', is_error: false },
          content: [{ type: 'text', text: '4' }],
        },
        {
          ...{ type: 'bash_code_execution_tool_result', tool_use_id: 'srvtoolu_4' },
          content: { type: 'bash_code_execution_result', stdout: 'a', stderr: '', return_code: 0 },
        },
      ),
    ).toMatchObject([
      { callId: 'srvtoolu_1', output: { type: 'json', value: found }, isError: false },
      { callId: 'srvtoolu_2', output: { type: 'json', value: error }, isError: true },
      {
        callId: 'srvtoolu_3',
        output: {
          content: [
            { text: '{"type":"web_fetch_result","url":"https://example.com/a.pdf"}' },
            { media: { mediaType: 'application/pdf' }, source: page.content },
          ],
        },
      },
      { callId: 'mcptoolu_1', output: { content: [{ text: '4' }] }, isError: false },
      { callId: 'srvtoolu_4', output: { type: 'json', value: { stdout: 'a' } } },
    ]);
  });

  it('reads search results as text and leaves uploads to Anthropic', () => {
    const content = [
      { type: 'text', text: 'wet' },
      { type: 'text', text: 'day' },
    ];
    expect(
      read(
        { type: 'search_result', source: 's', title: 't', content },
        { type: 'container_upload', file_id: 'file_1' },
      ),
    ).toMatchObject([{ kind: 'text', text: 'wet\nday' }, { kind: 'opaque' }]);
  });
});
