import { describe, expect, it } from '@jest/globals';
import type { Part } from '../event.js';
import { readItems } from './read-items.js';

const read = (...parts: Part[]) => readItems({ role: 'assistant', parts });

describe('reading OpenAI Responses', () => {
  it('reads the content of messages, as an event or as an item', () => {
    const content = [
      { type: 'input_text', text: 'look' },
      { type: 'input_image', image_url: 'https://example.com/a.png', detail: 'auto' },
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' },
      { type: 'input_file', file_url: 'https://example.com/b.pdf' },
      { type: 'input_image', file_id: 'file-1', detail: 'auto' },
    ];
    const items = [
      { kind: 'text', text: 'look' },
      { media: { mediaType: 'image/*', data: { type: 'url', url: 'https://example.com/a.png' } } },
      {
        media: {
          mediaType: 'application/pdf',
          data: { type: 'base64', base64: 'JVBE' },
          filename: 'a.pdf',
        },
      },
      {
        media: {
          mediaType: 'application/pdf',
          data: { type: 'url', url: 'https://example.com/b.pdf' },
        },
      },
      { media: { mediaType: 'image/*', data: { type: 'file-id', fileId: 'file-1' } } },
    ];
    const message = { type: 'message', role: 'user', content };
    expect(readItems({ role: 'user', parts: content })).toMatchObject(items);
    expect(read(message)).toMatchObject(items.map((item) => ({ ...item, source: message })));
    expect(read({ type: 'message', role: 'user', content: 'hi' })).toMatchObject([
      { kind: 'text', text: 'hi' },
    ]);
  });

  it('reads output texts and refusals', () => {
    const content = [
      { type: 'output_text', text: 'Yes', annotations: [] },
      { type: 'refusal', refusal: 'No' },
    ];
    expect(read({ type: 'message', id: 'msg_1', role: 'assistant', content })).toMatchObject([
      { kind: 'text', text: 'Yes', isRefusal: false },
      { kind: 'text', text: 'No', isRefusal: true },
    ]);
  });

  it('reads reasoning with its summary, or empty if it is encrypted', () => {
    expect(
      read(
        { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'hm' }] },
        { type: 'reasoning', id: 'rs_2', summary: [], encrypted_content: 'gAAA' },
      ),
    ).toMatchObject([
      { kind: 'reasoning', text: 'hm' },
      { kind: 'reasoning', text: '' },
    ]);
  });

  it('reads calls with the id that their output refers to', () => {
    expect(
      read(
        { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{"a":1}' },
        { type: 'custom_tool_call', id: 'ctc_1', call_id: 'call_2', name: 'sql', input: 'SELECT 1' },
        { type: 'computer_call', id: 'cu_1', call_id: 'call_3', action: { type: 'screenshot' } },
        { type: 'computer_call', id: 'cu_2', call_id: 'call_4', actions: [{ type: 'wait' }] },
        { type: 'shell_call', id: 'sh_1', call_id: 'call_5', action: { commands: ['ls'] } },
        { type: 'local_shell_call', id: 'lsh_1', call_id: 'call_6', action: { command: ['ls'] } },
        { type: 'apply_patch_call', call_id: 'call_7', operation: { type: 'delete_file', path: 'a' } },
        { type: 'tool_search_call', call_id: 'call_8', execution: 'client', arguments: { q: 'x' } },
      ),
    ).toMatchObject([
      { kind: 'call', id: 'call_1', name: 'f', input: { a: 1 }, isProviderExecuted: false },
      { kind: 'call', id: 'call_2', name: 'sql', input: 'SELECT 1', isProviderExecuted: false },
      { kind: 'call', id: 'call_3', name: 'computer', input: { type: 'screenshot' } },
      { kind: 'call', id: 'call_4', name: 'computer', input: { actions: [{ type: 'wait' }] } },
      { kind: 'call', id: 'call_5', name: 'shell', input: { commands: ['ls'] }, isProviderExecuted: false },
      { kind: 'call', id: 'call_6', name: 'local_shell', input: { command: ['ls'] } },
      { kind: 'call', id: 'call_7', name: 'apply_patch', input: { type: 'delete_file', path: 'a' } },
      { kind: 'call', id: 'call_8', name: 'tool_search', input: { q: 'x' }, isProviderExecuted: false },
    ]);
  });

  it('reads outputs as text, content or JSON', () => {
    const screenshot = { type: 'computer_screenshot', image_url: 'data:image/png;base64,iVBOR' };
    const shellOutput = [{ stdout: 'a', stderr: '', outcome: { type: 'exit', exit_code: 0 } }];
    expect(
      read(
        { type: 'function_call_output', id: 'fco_1', call_id: 'call_1', output: 'r' },
        {
          ...{ type: 'function_call_output', call_id: 'call_2' },
          output: [
            { type: 'input_text', text: 'see' },
            { type: 'input_image', image_url: 'https://example.com/a.png' },
          ],
        },
        { type: 'custom_tool_call_output', call_id: 'call_3', output: '1' },
        { type: 'computer_call_output', call_id: 'call_4', output: screenshot },
        { type: 'shell_call_output', call_id: 'call_5', output: shellOutput },
        { type: 'local_shell_call_output', id: 'call_6', output: 'done' },
        { type: 'apply_patch_call_output', call_id: 'call_7', status: 'failed', output: 'no such file' },
        { type: 'tool_search_output', call_id: 'call_8', execution: 'client', tools: [{ type: 'function' }] },
      ),
    ).toMatchObject([
      { kind: 'result', callId: 'call_1', output: { type: 'text', text: 'r' }, isError: false },
      {
        callId: 'call_2',
        output: {
          type: 'content',
          content: [
            { type: 'text', text: 'see' },
            { type: 'media', media: { data: { url: 'https://example.com/a.png' } } },
          ],
        },
      },
      { callId: 'call_3', output: { type: 'text', text: '1' } },
      {
        callId: 'call_4',
        output: { type: 'content', content: [{ media: { mediaType: 'image/png' }, source: screenshot }] },
      },
      { callId: 'call_5', output: { type: 'json', value: shellOutput } },
      { callId: 'call_6', output: { type: 'text', text: 'done' } },
      { callId: 'call_7', output: { type: 'text', text: 'no such file' }, isError: true },
      { callId: 'call_8', output: { type: 'json', value: [{ type: 'function' }] } },
    ]);
  });

  it('reads calls that OpenAI runs, with their output if the item has it', () => {
    expect(
      read(
        {
          type: 'web_search_call',
          id: 'ws_1',
          status: 'completed',
          action: { type: 'search', query: 'rain' },
        },
        { type: 'file_search_call', id: 'fs_1', queries: ['rain'], results: [{ text: 'wet' }] },
        { type: 'file_search_call', id: 'fs_2', queries: ['sun'], results: null },
        { type: 'code_interpreter_call', id: 'ci_1', code: '1+1', outputs: [{ type: 'logs', logs: '2' }] },
        { type: 'mcp_call', id: 'mcp_1', name: 'roll', server_label: 'd', arguments: '{}', output: '4' },
        { type: 'mcp_call', id: 'mcp_2', name: 'roll', server_label: 'd', arguments: '{}', error: 'no dice' },
      ),
    ).toMatchObject([
      {
        ...{ kind: 'call', id: 'ws_1', name: 'web_search', isProviderExecuted: true },
        input: { type: 'search', query: 'rain' },
      },
      { kind: 'call', id: 'fs_1', name: 'file_search', input: { queries: ['rain'] } },
      { kind: 'result', callId: 'fs_1', output: { type: 'json', value: [{ text: 'wet' }] } },
      { kind: 'call', id: 'fs_2', name: 'file_search' },
      { kind: 'call', id: 'ci_1', name: 'code_interpreter', input: { code: '1+1' } },
      { kind: 'result', callId: 'ci_1', output: { type: 'json', value: [{ type: 'logs', logs: '2' }] } },
      { kind: 'call', id: 'mcp_1', name: 'roll', input: {}, isProviderExecuted: true },
      { kind: 'result', callId: 'mcp_1', output: { type: 'text', text: '4' }, isError: false },
      { kind: 'call', id: 'mcp_2' },
      { kind: 'result', callId: 'mcp_2', output: { type: 'text', text: 'no dice' }, isError: true },
    ]);
  });

  it('reads programs, tool searches and shells that OpenAI runs as executed by the provider', () => {
    expect(
      read(
        { type: 'program', id: 'prog_1', call_id: 'call_1', code: 'await f()', fingerprint: 'x' },
        { type: 'program_output', id: 'po_1', call_id: 'call_1', result: '3', status: 'completed' },
        { type: 'tool_search_call', id: 'tsc_1', call_id: null, execution: 'server', arguments: {} },
        { type: 'tool_search_output', id: 'tso_1', call_id: null, execution: 'server', tools: [] },
        {
          ...{ type: 'shell_call', id: 'sh_1', call_id: 'call_2', action: { commands: ['ls'] } },
          environment: { type: 'container_reference', container_id: 'c' },
        },
      ),
    ).toMatchObject([
      { kind: 'call', id: 'call_1', name: 'program', input: { code: 'await f()' }, isProviderExecuted: true },
      { kind: 'result', callId: 'call_1', output: { type: 'text', text: '3' } },
      { kind: 'call', id: 'tool_search', isProviderExecuted: true },
      { kind: 'result', callId: 'tool_search', output: { type: 'json', value: [] } },
      { kind: 'call', id: 'call_2', isProviderExecuted: true },
    ]);
  });

  it('reads an image that OpenAI has generated as media, and not before it is ready', () => {
    const image = { type: 'image_generation_call', id: 'ig_1', status: 'completed', result: 'iVBOR' };
    expect(read(image, { ...image, output_format: 'webp' }, { ...image, result: null })).toMatchObject([
      { kind: 'media', media: { mediaType: 'image/png', data: { type: 'base64', base64: 'iVBOR' } } },
      { kind: 'media', media: { mediaType: 'image/webp' } },
      { kind: 'opaque' },
    ]);
  });

  it('leaves to its dialect what only OpenAI understands', () => {
    const parts = [
      { type: 'compaction', id: 'cmp_1', encrypted_content: 'gAAA' },
      { type: 'mcp_list_tools', id: 'mcpl_1', server_label: 'd', tools: [] },
      { type: 'mcp_approval_request', id: 'mcpr_1', name: 'roll', server_label: 'd', arguments: '{}' },
      { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: true },
      { type: 'item_reference', id: 'msg_1' },
      { type: 'additional_tools', role: 'developer', tools: [] },
    ];
    expect(read(...parts)).toMatchObject(parts.map((source) => ({ kind: 'opaque', source })));
  });
});
