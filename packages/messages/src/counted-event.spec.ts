import { describe, expect, it } from '@jest/globals';
import { countedEvent, type CountedContent } from './counted-event.js';
import type { MessageEvent, Part } from './event.js';
import { readItems } from './read/read-items.js';

const counted = (event: MessageEvent) => countedEvent(event, readItems(event));
const assistant = (...parts: Part[]): MessageEvent => ({ role: 'assistant', parts });
const user = (...parts: Part[]): MessageEvent => ({ role: 'user', parts });
const tool = (...parts: Part[]): MessageEvent => ({ role: 'tool', parts });

/** The fields that are not empty. */
function some({ texts, media, opaqueChars, isJson }: CountedContent): Partial<CountedContent> {
  return {
    ...(texts.length && { texts }),
    ...(media.length && { media }),
    ...(opaqueChars && { opaqueChars }),
    ...(isJson && { isJson }),
  };
}

/** What counts of the only part. */
const ofPart = (event: MessageEvent) => counted(event).parts.map(some)[0];

const BASE64 = 'aGVsbG8=';
const PNG = { type: 'base64', base64: BASE64 };

describe('countedEvent, texts', () => {
  it.each<[string, Part, string]>([
    ['ours, of OpenAI Chat, Anthropic and the AI SDK', { type: 'text', text: 'a b', id: 'x' }, 'a b'],
    ['OpenAI Responses', { type: 'output_text', text: 'a b', annotations: [{ url: 'long' }] }, 'a b'],
    ['a refusal', { type: 'refusal', refusal: 'a b' }, 'a b'],
    [
      'a message item',
      { type: 'message', id: 'msg_1', content: [{ type: 'output_text', text: 'a b' }] },
      'a b',
    ],
    ['a summary of Anthropic', { type: 'compaction', content: 'a b' }, 'a b'],
    ['a stored message of LangChain', { type: 'ai', data: { content: 'a b', id: 'run-1' } }, 'a b'],
  ])('counts the text of %s', (_, part, text) => {
    expect(ofPart(assistant(part))).toEqual({ texts: [text] });
  });

  it.each<[string, Part]>([
    ['without a text', { type: 'weather', city: 'Oslo' }],
    ['with a text, which may be one field of many', { type: 'weather', text: 'rain', city: 'Oslo' }],
    ['of the AI SDK that an application converts itself', { type: 'data-weather', data: { city: 'Oslo' } }],
    ['of a text whose text is none', { type: 'text', text: 7 }],
  ])('counts the JSON of a part of unknown type %s', (_, part) => {
    expect(ofPart(user(part))).toEqual({ isJson: true });
  });

  it('counts unknown JSON without encrypted data and signatures', () => {
    const part = { type: 'x', signature: 'S'.repeat(99), inner: { encrypted_content: 'E'.repeat(32), n: 1 } };
    expect(ofPart(assistant(part))).toEqual({ texts: ['{"type":"x","inner":{"n":1}}'], opaqueChars: 32 });
  });
});

it('countedEvent counts a stored message of LangChain with unknown blocks once', () => {
  const content = [{ type: 'x', signature: 'S' }, { type: 'y' }];
  const { texts = [] } = ofPart(assistant({ type: 'ai', data: { content } })) ?? {};
  expect(texts).toEqual(['{"type":"ai","data":{"content":[{"type":"x"},{"type":"y"}]}}']);
});

describe('countedEvent, reasoning', () => {
  it.each<[string, Part, Partial<CountedContent>]>([
    ['Anthropic', { type: 'thinking', thinking: 'hm', signature: 'S'.repeat(999) }, { texts: ['hm'] }],
    ['Anthropic, redacted', { type: 'redacted_thinking', data: 'D'.repeat(320) }, { opaqueChars: 320 }],
    [
      'OpenAI Responses',
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'hm' }],
        encrypted_content: 'E'.repeat(1600),
      },
      { texts: ['hm'], opaqueChars: 1600 },
    ],
    [
      'the AI SDK, from OpenAI',
      {
        type: 'reasoning',
        text: 'hm',
        providerOptions: { openai: { itemId: 'rs_1', reasoningEncryptedContent: 'E'.repeat(48) } },
      },
      { texts: ['hm'], opaqueChars: 48 },
    ],
    [
      'the AI SDK, from Anthropic and Gemini',
      {
        type: 'reasoning',
        text: 'hm',
        providerMetadata: {
          anthropic: { signature: 'S'.repeat(99) },
          google: { thoughtSignature: 'T'.repeat(99) },
        },
      },
      { texts: ['hm'] },
    ],
    [
      'AI SDK 7, as a file',
      { type: 'reasoning-file', mediaType: 'image/png', data: BASE64 },
      { media: [{ mediaType: 'image/png', data: PNG }] as never },
    ],
  ])('counts the text and the encrypted text of %s', (_, part, expected) => {
    expect(ofPart(assistant(part))).toEqual(expected);
  });

  it('counts only the encrypted content of a compaction item of OpenAI', () => {
    const part = { type: 'compaction', id: 'cmp_1', encrypted_content: 'E'.repeat(41_000) };
    expect(ofPart(assistant(part))).toEqual({ opaqueChars: 41_000 });
  });
});

describe('countedEvent, tool calls', () => {
  it.each<[string, Part]>([
    ['ours', { type: 'tool_call', id: 'call_1', name: 'add', input: { n: 1 } }],
    ['Anthropic', { type: 'tool_use', id: 'toolu_1', name: 'add', input: { n: 1 } }],
    [
      'OpenAI Responses',
      { type: 'function_call', id: 'fc_1', call_id: 'c', name: 'add', arguments: '{"n":1}' },
    ],
    [
      'the AI SDK, with a signature of Gemini',
      {
        type: 'tool-call',
        toolCallId: 'c',
        toolName: 'add',
        input: { n: 1 },
        providerOptions: { google: { thoughtSignature: 'T'.repeat(9200) } },
      },
    ],
    ['LangChain', { type: 'tool_call', id: 'c', name: 'add', args: { n: 1 } }],
    [
      'the AI SDK in a UI message',
      { type: 'tool-add', toolCallId: 'c', state: 'input-available', input: { n: 1 } },
    ],
  ])('counts name and arguments of %s', (_, part) => {
    expect(ofPart(assistant(part))).toEqual({ texts: ['add', '{"n":1}'] });
  });

  it('counts arguments as the model wrote them', () => {
    const called = { name: 'add', arguments: '{ "n": 1.0 }' };
    const events: MessageEvent[] = [
      { role: 'assistant', parts: [], tool_calls: [{ id: 'c', type: 'function', function: called }] },
      {
        role: 'assistant',
        parts: [],
        tool_calls: [{ id: 'c', custom: { name: 'add', input: '{ "n": 1.0 }' } }],
      },
    ];
    for (const event of events)
      expect(counted(event).toolCalls.map(some)).toEqual([{ texts: ['add', '{ "n": 1.0 }'] }]);
  });

  it('counts a call once that LangChain repeats beside the parts', () => {
    const event = {
      ...assistant({ type: 'tool_use', id: 'toolu_1', name: 'add', input: {} }),
      tool_calls: [
        { id: 'toolu_1', name: 'add', args: {} },
        { id: 'other', name: 'sub', args: {} },
      ],
    };
    const { parts, toolCalls } = counted(event);
    expect([parts.map(some), toolCalls.map(some)]).toEqual([
      [{ texts: ['add', '{}'] }],
      [{}, { texts: ['sub', '{}'] }],
    ]);
  });

  it('counts the JSON of elements of tool_calls that are no call, or not of a model', () => {
    const call = { id: 'c', type: 'function', function: { name: 'add', arguments: '{}' } };
    expect(counted({ ...assistant(), tool_calls: [17, {}] }).toolCalls.map(some)).toEqual([
      { isJson: true },
      { isJson: true },
    ]);
    expect(counted({ ...user(), tool_calls: [call] }).toolCalls.map(some)).toEqual([{ isJson: true }]);
    expect(counted({ ...tool(), tool_call_id: 'c', tool_calls: [call] }).toolCalls.map(some)).toEqual([
      { isJson: true },
    ]);
  });
});

describe('countedEvent, tool results', () => {
  it.each<[string, MessageEvent]>([
    ['ours', tool({ type: 'tool_result', tool_call_id: 'c', content: '42' })],
    ['Anthropic', user({ type: 'tool_result', tool_use_id: 'c', content: [{ type: 'text', text: '42' }] })],
    ['OpenAI Chat', { ...tool({ type: 'text', text: '42' }), tool_call_id: 'c' }],
    ['OpenAI Responses', tool({ type: 'function_call_output', call_id: 'c', output: '42' })],
    [
      'OpenAI Agents',
      tool({ type: 'function_call_result', callId: 'c', output: { type: 'text', text: '42' } }),
    ],
    [
      'the AI SDK',
      tool({ type: 'tool-result', toolCallId: 'c', toolName: 'add', output: { type: 'text', value: '42' } }),
    ],
    [
      'the AI SDK, as JSON',
      tool({ type: 'tool-result', toolCallId: 'c', toolName: 'add', output: { type: 'json', value: 42 } }),
    ],
  ])('counts the text of %s', (_, event) => {
    expect(ofPart(event)).toEqual({ texts: ['42'] });
  });

  it('counts call and result of a UI message', () => {
    const part = {
      type: 'tool-add',
      toolCallId: 'c',
      state: 'output-available',
      input: { n: 1 },
      output: { sum: 2 },
    };
    expect(ofPart(assistant(part))).toEqual({ texts: ['add', '{"n":1}', '{"sum":2}'] });
  });

  it('counts images of a result by their dimensions', () => {
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: BASE64 } };
    const content = [{ type: 'text', text: 'see' }, image];
    expect(ofPart(user({ type: 'tool_result', tool_use_id: 'c', content }))).toEqual({
      texts: ['see'],
      media: [{ mediaType: 'image/png', data: PNG }],
    });
    expect(
      counted({ ...tool({ type: 'text', text: 'see' }, image as Part), tool_call_id: 'c' }).parts.map(some),
    ).toEqual([{ texts: ['see'] }, { media: [{ mediaType: 'image/png', data: PNG }] }]);
  });

  it('counts encrypted search results by their length', () => {
    const content = [{ type: 'web_search_result', url: 'u', encrypted_content: 'E'.repeat(64) }];
    expect(ofPart(assistant({ type: 'web_search_tool_result', tool_use_id: 'c', content }))).toEqual({
      texts: ['[{"type":"web_search_result","url":"u"}]'],
      opaqueChars: 64,
    });
  });
});

describe('countedEvent, media', () => {
  const data = `data:image/png;base64,${BASE64}`;
  it.each<[string, Part, object]>([
    ['Anthropic', { type: 'image', source: { type: 'base64', media_type: 'image/png', data: BASE64 } }, {}],
    ['OpenAI Chat', { type: 'image_url', image_url: { url: data, detail: 'low' } }, { detail: 'low' }],
    ['OpenAI Responses', { type: 'input_image', image_url: data, detail: 'high' }, { detail: 'high' }],
    [
      'the AI SDK',
      {
        type: 'image',
        image: BASE64,
        mediaType: 'image/png',
        providerOptions: { openai: { imageDetail: 'low' } },
      },
      { detail: 'low' },
    ],
    [
      'the AI SDK in a UI message',
      { type: 'file', url: data, mediaType: 'image/png', filename: 'a.png' },
      { filename: 'a.png' },
    ],
    [
      'a part with dimensions',
      { type: 'image', image: data, width: 640, height: 480 },
      { width: 640, height: 480 },
    ],
  ])('finds the image of %s', (_, part, fields) => {
    expect(ofPart(user(part))).toEqual({ media: [{ mediaType: 'image/png', data: PNG, ...fields }] });
  });

  it('finds links, ids of files, and documents that are text', () => {
    expect(
      ofPart(user({ type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } })),
    ).toEqual({
      media: [{ mediaType: 'image/*', data: { type: 'url', url: 'https://example.com/a.png' } }],
    });
    expect(ofPart(user({ type: 'input_file', file_id: 'file_1' }))).toEqual({
      media: [{ mediaType: 'application/octet-stream', data: { type: 'file-id', fileId: 'file_1' } }],
    });
    const source = { type: 'text', media_type: 'text/plain', data: 'a b' };
    expect(ofPart(user({ type: 'document', source }))).toEqual({ texts: ['a b'] });
  });
});

describe('countedEvent, other fields', () => {
  it('counts what OpenAI Chat writes beside the content, and the name', () => {
    const event = {
      ...assistant({ type: 'text', text: 'a' }),
      name: 'Ada',
      refusal: 'no',
      reasoning_content: 'hm',
      audio: { id: 'audio_1', transcript: 'said', data: BASE64 },
      function_call: { name: 'add', arguments: '{}' },
    };
    const { parts, otherFields, name } = counted(event);
    expect(parts.map(some)).toEqual([{ texts: ['a'] }]);
    expect(some(otherFields)).toEqual({ texts: ['hm', 'no', 'said', 'add', '{}'] });
    expect(name).toBe('Ada');
    // A user has no such fields, but a name.
    expect(counted({ ...event, role: 'user' })).toMatchObject({ otherFields: { texts: [] }, name: 'Ada' });
  });

  it('counts audio without a transcript by its length', () => {
    expect(some(counted({ ...assistant(), audio: { id: 'audio_1' } }).otherFields)).toEqual({
      media: [{ mediaType: 'audio/*', data: { type: 'file-id', fileId: 'audio_1' } }],
    });
  });
});

describe('countedEvent, what a model does not read', () => {
  it.each<[string, MessageEvent]>([
    ['boundaries of steps', assistant({ type: 'step-start' })],
    ['sources', assistant({ type: 'source-url', sourceId: 's', url: 'u', title: 't' })],
    [
      'requests of an approval',
      assistant({ type: 'tool-approval-request', approvalId: 'a', toolCallId: 'c' }),
    ],
    ['responses to an approval', tool({ type: 'tool-approval-response', approvalId: 'a', approved: true })],
    [
      'a call whose input is still streamed',
      assistant({ type: 'tool-add', toolCallId: 'c', state: 'input-streaming', input: { n: 1 } }),
    ],
  ])('counts nothing for %s', (_, event) => {
    expect(ofPart(event)).toEqual({});
  });
});
