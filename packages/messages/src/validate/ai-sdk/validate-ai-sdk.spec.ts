import { describe, expect, it } from '@jest/globals';
import { testRules, type RuleCase } from '../../../test/support/rule-cases.js';
import type { AiSdkOptions } from './options.js';
import { AI_SDK_RULES } from './rules.js';
import { validateAiSdk } from './validate-ai-sdk.js';

const user = (content: unknown) => ({ role: 'user', content });
const assistant = (...content: unknown[]) => ({ role: 'assistant', content });
const tool = (...content: unknown[]) => ({ role: 'tool', content });
const system = (content: unknown) => ({ role: 'system', content });
const text = (value: string, fields = {}) => ({ type: 'text', text: value, ...fields });
const call = (toolCallId: string, fields = {}) => ({
  type: 'tool-call',
  toolCallId,
  toolName: 'f',
  input: {},
  ...fields,
});
const result = (toolCallId: string, output: unknown = { type: 'text', value: 'ok' }) => ({
  type: 'tool-result',
  toolCallId,
  toolName: 'f',
  output,
});
const request = { type: 'tool-approval-request', approvalId: 'p', toolCallId: 'a' };
const response = { type: 'tool-approval-response', approvalId: 'p', approved: true };
const file = (data: unknown) => user([{ type: 'file', data, mediaType: 'image/png' }]);

const messages = (...list: unknown[]) => ({ messages: list });
const hi = user('Hi');
const hello = assistant(text('Hello'));
const oneCall = messages(hi, assistant(call('a')), tool(result('a')));
const content = (part: unknown) => result('a', { type: 'content', value: [part] });

const CASES: RuleCase<AiSdkOptions>[] = [
  {
    rule: 'type',
    rejects: 'an input that is not an object',
    accepted: oneCall,
    rejected: messages(hi, assistant(call('a', { input: 'x' })), tool(result('a'))),
    at: 'messages[1].content[0].input',
  },
  {
    rule: 'type',
    rejects: 'a URL as a text in tagged file data',
    accepted: messages(
      file({ type: 'url', url: new URL('https://example.com/a.png') }),
      file({ type: 'data', data: 'YQ==' }),
      file({ openai: 'file-1' }),
      file(new Uint8Array(1)),
    ),
    rejected: messages(file({ type: 'url', url: 'https://example.com/a.png' })),
    at: 'messages[0].content[0].data.url',
  },
  {
    rule: 'required',
    rejects: 'a tool result without its output',
    accepted: oneCall,
    rejected: messages(
      hi,
      assistant(call('a')),
      tool({ type: 'tool-result', toolCallId: 'a', toolName: 'f', result: 'ok' }),
    ),
    at: 'messages[2].content[0].output',
  },
  {
    rule: 'unknown-field',
    rejects: 'a field of the prompt that the call does not have',
    accepted: { system: 'Be brief', messages: [{ ...hi, id: 'x' }] },
    rejected: { systemInstruction: 'Be brief', messages: [hi] },
    at: 'systemInstruction',
  },
  {
    rule: 'value',
    rejects: 'a part that the version does not know',
    accepted: messages(hi, assistant(text('Hello'), { type: 'reasoning', text: 'Hm' }), hi),
    rejected: messages(hi, assistant(text('Hello'), { type: 'custom', kind: 'openai.x' }), hi),
    at: 'messages[1].content[1].type',
    options: { version: 6 },
  },
  {
    rule: 'value',
    rejects: 'an approval in version 5',
    accepted: oneCall,
    rejected: messages(hi, assistant(call('a'), request), tool(result('a'))),
    at: 'messages[1].content[1].type',
    options: { version: 5 },
  },
  {
    rule: 'value',
    rejects: 'media in a tool result from version 7 on',
    accepted: messages(
      hi,
      assistant(call('a')),
      tool(content({ type: 'image-data', data: 'YQ==', mediaType: 'image/png' })),
    ),
    rejected: messages(
      hi,
      assistant(call('a')),
      tool(content({ type: 'media', data: 'YQ==', mediaType: 'image/png' })),
    ),
    at: 'messages[2].content[0].output.value[0].type',
  },
  {
    rule: 'value',
    rejects: 'newer parts in a tool result of version 5',
    accepted: messages(
      hi,
      assistant(call('a')),
      tool(content({ type: 'media', data: 'YQ==', mediaType: 'image/png' })),
    ),
    rejected: messages(
      hi,
      assistant(call('a')),
      tool(content({ type: 'image-data', data: 'YQ==', mediaType: 'image/png' })),
    ),
    at: 'messages[2].content[0].output.value[0].type',
    options: { version: 5 },
  },
  {
    rule: 'empty',
    rejects: 'a tool message without results',
    accepted: oneCall,
    rejected: messages(...oneCall.messages, tool()),
    at: 'messages[3].content',
  },
  {
    rule: 'empty',
    rejects: 'a prompt without messages',
    accepted: messages(hi),
    rejected: messages(),
    at: 'messages',
  },
  {
    rule: 'blank',
    rejects: 'a text of white space',
    accepted: messages(user([text(''), text('Hi')])),
    rejected: messages(user([text(' '), text('Hi')])),
    at: 'messages[0].content[0].text',
  },
  {
    rule: 'too-long',
    rejects: 'the id of a call with more than 40 characters',
    accepted: messages(hi, assistant(call('i'.repeat(40))), tool(result('i'.repeat(40)))),
    rejected: messages(hi, assistant(call('i'.repeat(41))), tool(result('i'.repeat(41)))),
    at: 'messages[1].content[0].toolCallId',
    also: ['too-long at messages[2].content[0].toolCallId'],
  },
  {
    rule: 'pattern',
    rejects: 'the name of a tool with a dot',
    accepted: oneCall,
    rejected: messages(hi, assistant(call('a', { toolName: 'a.b' })), tool(result('a'))),
    at: 'messages[1].content[0].toolName',
  },
  {
    rule: 'base64',
    rejects: 'a file that is neither base64 nor a URL',
    accepted: messages(file('YQ=='), file('https://example.com/a.png'), file('data:image/png;base64,YQ==')),
    rejected: messages(file('a.png')),
    at: 'messages[0].content[0].data',
  },
  {
    rule: 'part-role',
    rejects: 'a tool result in a user message',
    accepted: oneCall,
    rejected: messages(hi, assistant(call('a')), tool(result('a')), user([result('a')])),
    at: 'messages[3].content[0]',
  },
  {
    rule: 'unicode',
    rejects: 'a lone surrogate in the output of a tool',
    accepted: oneCall,
    rejected: messages(hi, assistant(call('a')), tool(result('a', { type: 'json', value: ['\ud83d'] }))),
    at: 'messages[2].content[0].output.value[0]',
  },
  {
    rule: 'system-in-messages',
    rejects: 'a system message',
    accepted: { system: [system('Be brief')], messages: [hi] },
    rejected: messages(system('Be brief'), hi),
    at: 'messages[0]',
  },
  {
    rule: 'system-placement',
    rejects: 'a system message behind another message',
    accepted: messages(system('a'), system('b'), hi),
    rejected: messages(system('a'), hi, system('b')),
    at: 'messages[2]',
    options: { allowSystemInMessages: true },
  },
  {
    rule: 'unanswered-tool-call',
    rejects: 'a call without its result',
    accepted: messages(hi, assistant(call('a'), call('b')), tool(result('b')), tool(result('a')), hi),
    rejected: messages(hi, assistant(call('a'), call('b')), tool(result('b')), hi),
    at: 'messages[1].content[0]',
  },
  {
    rule: 'unanswered-tool-call',
    rejects: 'an assistant message between a call and its result',
    accepted: oneCall,
    rejected: messages(hi, assistant(call('a')), hello, tool(result('a'))),
    at: 'messages[1].content[0]',
    also: ['orphan-tool-result at messages[3].content[0]'],
  },
  {
    rule: 'unanswered-tool-call',
    rejects: 'a call whose approval is not in the last message',
    accepted: messages(hi, assistant(call('a'), request), tool(response)),
    rejected: messages(hi, assistant(call('a'), request), tool(response), hi),
    at: 'messages[1].content[0]',
  },
  {
    rule: 'orphan-tool-result',
    rejects: 'a result without its call',
    accepted: oneCall,
    rejected: messages(hi, tool(result('a'))),
    at: 'messages[1].content[0]',
  },
  {
    rule: 'orphan-tool-result',
    rejects: 'a result in an assistant message of a call that the provider has not executed',
    accepted: messages(hi, assistant(call('a', { providerExecuted: true }), result('a'), text('Hello')), hi),
    rejected: messages(hi, assistant(result('a'), text('Hello')), hi),
    at: 'messages[1].content[0]',
  },
  {
    rule: 'duplicate-tool-call-id',
    rejects: 'an id that a later call uses again',
    accepted: messages(...oneCall.messages, assistant(call('b')), tool(result('b'))),
    rejected: messages(...oneCall.messages, assistant(call('a')), tool(result('a'))),
    at: 'messages[3].content[0]',
  },
  {
    rule: 'duplicate-tool-result',
    rejects: 'two results of one call',
    accepted: oneCall,
    rejected: messages(...oneCall.messages, tool(result('a'))),
    at: 'messages[3].content[0]',
  },
  {
    rule: 'approval-without-request',
    rejects: 'an approval without its request',
    accepted: messages(hi, assistant(call('a'), request), tool(response, result('a'))),
    rejected: messages(hi, assistant(call('a')), tool(response, result('a'))),
    at: 'messages[2].content[0]',
  },
  {
    rule: 'empty-message',
    rejects: 'a message whose only text is empty',
    accepted: messages(hi, assistant(text('', { providerOptions: { google: {} } })), hi),
    rejected: messages(hi, assistant(text('')), hi),
    at: 'messages[1]',
  },
  {
    rule: 'empty-message',
    rejects: 'an empty content',
    accepted: messages(hi),
    rejected: messages(user('')),
    at: 'messages[0]',
  },
  {
    rule: 'reasoning-only',
    rejects: 'an assistant message of reasoning',
    accepted: messages(hi, assistant({ type: 'reasoning', text: 'Hm' }, text('Hello')), hi),
    rejected: messages(hi, assistant({ type: 'reasoning', text: 'Hm' }), hi),
    at: 'messages[1]',
  },
  {
    rule: 'first-role',
    rejects: 'an assistant message at the beginning',
    accepted: messages(hi, hello, hi),
    rejected: messages(hello, hi),
    at: 'messages[0]',
  },
  {
    rule: 'last-role',
    rejects: 'an assistant message at the end',
    accepted: oneCall,
    rejected: messages(hi, hello),
    at: 'messages[1]',
  },
];

describe('validateAiSdk', () => {
  testRules(AI_SDK_RULES, validateAiSdk, CASES);

  it('accepts what only some providers refuse if the prompt need not be portable', () => {
    const prompt = messages(
      hello,
      assistant(call('functions.f:0', { input: 'x' })),
      hello,
      tool(result('functions.f:0')),
      assistant({ type: 'reasoning', text: 'Hm' }),
    );
    expect(validateAiSdk(prompt, { portable: false })).toEqual([]);
  });

  it('accepts custom parts and files of reasoning in version 7', () => {
    const parts = [
      { type: 'custom', kind: 'openai.compaction' },
      { type: 'reasoning-file', data: 'YQ==', mediaType: 'image/png' },
      { type: 'file', data: { type: 'text', text: 'a' }, mediaType: 'text/plain' },
    ];
    expect(validateAiSdk(messages(hi, assistant(...parts), hi))).toEqual([]);
  });
});
