import { describe, expect, it } from '@jest/globals';
import type { Part } from '../event.js';
import { readItems } from './read-items.js';

const read = (...parts: Part[]) => readItems({ role: 'assistant', parts });
const media = (...parts: Part[]) =>
  read(...parts).map((item) => (item.kind === 'media' ? item.media : item.kind));
const output = (value: unknown): Part => ({
  ...{ type: 'tool-result', toolCallId: 'c', toolName: 'f' },
  output: value,
});

describe('reading model messages of the AI SDK', () => {
  it('reads texts, reasoning and what only the AI SDK understands', () => {
    expect(
      read(
        { type: 'reasoning', text: 'hm', providerOptions: { openai: { itemId: 'rs_1' } } },
        { type: 'reasoning-file', mediaType: 'image/png', data: 'iVBOR' },
        { type: 'text', text: 'Yes' },
        { type: 'custom', kind: 'openai.compaction', providerOptions: {} },
        { type: 'tool-approval-request', approvalId: 'a', toolCallId: 'c' },
      ),
    ).toMatchObject([
      { kind: 'reasoning', text: 'hm' },
      { kind: 'reasoning', text: '' },
      { kind: 'text', text: 'Yes' },
      { kind: 'opaque' },
      { kind: 'opaque' },
    ]);
  });

  it('reads images and files of version 5 and 6', () => {
    expect(
      media(
        { type: 'image', image: 'iVBOR', mediaType: 'image/png' },
        { type: 'image', image: 'https://example.com/a.png' },
        { type: 'file', data: 'JVBE', mediaType: 'application/pdf', filename: 'a.pdf' },
        { type: 'file', data: 'data:audio/wav;base64,UklGR', mediaType: 'audio/wav' },
      ),
    ).toEqual([
      { mediaType: 'image/png', data: { type: 'base64', base64: 'iVBOR' } },
      { mediaType: 'image/*', data: { type: 'url', url: 'https://example.com/a.png' } },
      { mediaType: 'application/pdf', data: { type: 'base64', base64: 'JVBE' }, filename: 'a.pdf' },
      { mediaType: 'audio/wav', data: { type: 'base64', base64: 'UklGR' } },
    ]);
  });

  it('reads files of version 7 with tagged data, references and top-level media types', () => {
    const file = (data: unknown, mediaType: string): Part => ({ type: 'file', data, mediaType });
    const ids = { openai: 'file-1', anthropic: 'file_1' };
    const reference = { type: 'file-id', fileId: 'file-1', references: ids };
    expect(
      media(
        file({ type: 'data', data: 'iVBOR' }, 'image'),
        file({ type: 'url', url: 'https://example.com/a.pdf' }, 'application/pdf'),
        file({ type: 'text', text: 'wet' }, 'text/plain'),
        file({ type: 'reference', reference: ids }, 'application/pdf'),
        file(ids, 'application/pdf'),
        { type: 'image', image: ids },
      ),
    ).toEqual([
      { mediaType: 'image/*', data: { type: 'base64', base64: 'iVBOR' } },
      { mediaType: 'application/pdf', data: { type: 'url', url: 'https://example.com/a.pdf' } },
      { mediaType: 'text/plain', data: { type: 'text', text: 'wet' } },
      { mediaType: 'application/pdf', data: reference },
      { mediaType: 'application/pdf', data: reference },
      { mediaType: 'image/*', data: reference },
    ]);
  });

  it('reads calls and results', () => {
    expect(
      read(
        { type: 'tool-call', toolCallId: 'c', toolName: 'f', input: { a: 1 } },
        { type: 'tool-call', toolCallId: 's', toolName: 'web_search', input: {}, providerExecuted: true },
        output({ type: 'text', value: 'r' }),
        output({ type: 'json', value: { t: 20 } }),
        output({ type: 'error-text', value: 'no' }),
        output({ type: 'error-json', value: { code: 1 } }),
        output({ type: 'execution-denied', reason: 'too dear' }),
        output({ type: 'execution-denied' }),
      ),
    ).toMatchObject([
      { kind: 'call', id: 'c', name: 'f', input: { a: 1 }, isProviderExecuted: false },
      { kind: 'call', id: 's', name: 'web_search', isProviderExecuted: true },
      { kind: 'result', callId: 'c', name: 'f', output: { type: 'text', text: 'r' }, isError: false },
      { output: { type: 'json', value: { t: 20 } }, isError: false },
      { output: { type: 'text', text: 'no' }, isError: true },
      { output: { type: 'json', value: { code: 1 } }, isError: true },
      { output: { type: 'text', text: 'too dear' }, isError: true },
      { output: { type: 'text', text: 'Tool execution denied.' }, isError: true },
    ]);
  });

  it('reads the content of a result in every spelling of the versions', () => {
    const [item] = read(
      output({
        type: 'content',
        value: [
          { type: 'text', text: 'see' },
          { type: 'media', data: 'iVBOR', mediaType: 'image/png' },
          { type: 'image-data', data: 'iVBOR', mediaType: 'image/png' },
          { type: 'image-url', url: 'https://example.com/a.png' },
          { type: 'file-data', data: 'JVBE', mediaType: 'application/pdf', filename: 'a.pdf' },
          { type: 'file-url', url: 'https://example.com/a.pdf' },
          { type: 'file-id', fileId: 'file-1' },
          { type: 'image-file-id', fileId: { openai: 'file-1' } },
          { type: 'file-reference', providerReference: { openai: 'file-1' } },
          { type: 'file', data: { type: 'data', data: 'iVBOR' }, mediaType: 'image/png' },
          { type: 'custom', providerOptions: {} },
        ],
      }),
    );
    expect(item?.kind === 'result' && item.output.type === 'content' && item.output.content).toMatchObject([
      { type: 'text', text: 'see' },
      { media: { mediaType: 'image/png', data: { base64: 'iVBOR' } } },
      { media: { mediaType: 'image/png', data: { base64: 'iVBOR' } } },
      { media: { mediaType: 'image/*', data: { url: 'https://example.com/a.png' } } },
      { media: { mediaType: 'application/pdf', data: { base64: 'JVBE' }, filename: 'a.pdf' } },
      { media: { mediaType: 'application/pdf', data: { url: 'https://example.com/a.pdf' } } },
      { media: { data: { type: 'file-id', fileId: 'file-1' } } },
      { media: { mediaType: 'image/*', data: { fileId: 'file-1', references: { openai: 'file-1' } } } },
      { media: { data: { type: 'file-id', fileId: 'file-1' } } },
      { media: { mediaType: 'image/png', data: { base64: 'iVBOR' } } },
      { type: 'text', text: '{"type":"custom","providerOptions":{}}' },
    ]);
  });

  it('reads approvals in a tool message as opaque, beside results', () => {
    const approval = { type: 'tool-approval-response', approvalId: 'a', approved: true };
    const parts = [approval, output({ type: 'text', value: 'r' })];
    expect(readItems({ role: 'tool', parts })).toMatchObject([{ kind: 'opaque' }, { kind: 'result' }]);
    expect(readItems({ role: 'tool', parts: [approval] })).toMatchObject([{ kind: 'opaque' }]);
  });
});

describe('reading UI messages of the AI SDK', () => {
  const tool = (state: string, fields: object): Part => ({
    ...{ type: 'tool-weather', toolCallId: 'c', input: { city: 'Paris' }, state },
    ...fields,
  });

  it('reads a tool part as a call, and as a result once it has one', () => {
    const call = {
      kind: 'call',
      id: 'c',
      name: 'weather',
      input: { city: 'Paris' },
      isProviderExecuted: false,
    };
    const result = { kind: 'result', callId: 'c', name: 'weather' };
    expect(
      read(
        tool('input-streaming', { input: { ci: '' } }),
        tool('input-available', {}),
        tool('approval-requested', { approval: { id: 'a' } }),
        tool('approval-responded', { approval: { id: 'a', approved: true } }),
        tool('output-available', { output: { t: 20 } }),
        tool('output-error', { errorText: 'no' }),
        tool('output-denied', { approval: { id: 'a', approved: false, reason: 'too dear' } }),
        { ...tool('output-available', { output: 'wet' }), type: 'dynamic-tool', toolName: 'weather' },
      ),
    ).toMatchObject([
      { kind: 'opaque' },
      call,
      call,
      call,
      ...[call, { ...result, output: { type: 'json', value: { t: 20 } }, isError: false }],
      ...[call, { ...result, output: { type: 'text', text: 'no' }, isError: true }],
      ...[call, { ...result, output: { type: 'text', text: 'too dear' }, isError: true }],
      ...[call, { ...result, output: { type: 'text', text: 'wet' }, isError: false }],
    ]);
  });

  it('reads texts, reasoning, files and steps; sources and data are for the page', () => {
    expect(
      read(
        { type: 'step-start' },
        { type: 'reasoning', text: 'hm', state: 'done' },
        { type: 'text', text: 'Yes', state: 'done' },
        { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,iVBOR', filename: 'a.png' },
        { type: 'source-url', sourceId: 's', url: 'https://example.com' },
        { type: 'data-weather', data: { t: 20 } },
      ),
    ).toMatchObject([
      { kind: 'step' },
      { kind: 'reasoning', text: 'hm' },
      { kind: 'text', text: 'Yes' },
      { kind: 'media', media: { mediaType: 'image/png', data: { base64: 'iVBOR' }, filename: 'a.png' } },
      { kind: 'opaque' },
      { kind: 'opaque' },
    ]);
  });
});
