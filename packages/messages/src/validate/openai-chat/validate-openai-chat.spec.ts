import { describe, expect, it } from '@jest/globals';
import { testRules, type RuleCase } from '../../../test/support/rule-cases.js';
import type { OpenAiChatOptions } from './options.js';
import { OPENAI_CHAT_RULES } from './rules.js';
import { validateOpenAiChat } from './validate-openai-chat.js';

const user = (content: unknown, fields = {}) => ({ role: 'user', content, ...fields });
const system = (content: unknown) => ({ role: 'system', content });
const call = (id: string, fields = {}) => ({
  id,
  type: 'function',
  function: { name: 'f', arguments: '{}', ...fields },
});
const calls = (...list: unknown[]) => ({ role: 'assistant', content: null, tool_calls: list });
const tool = (id: string, content: unknown = 'ok') => ({ role: 'tool', tool_call_id: id, content });
const image = (url: string) => ({ type: 'image_url', image_url: { url } });
const file = (fields: unknown) => ({ type: 'file', file: fields });
const pdf = (data: string) => file({ filename: 'a.pdf', file_data: data });

const messages = (...list: unknown[]) => ({ messages: list });
const hi = user('Hi');
const oneCall = messages(hi, calls(call('a')), tool('a'));

const CASES: RuleCase<OpenAiChatOptions>[] = [
  {
    rule: 'type',
    rejects: 'arguments that are not a string',
    accepted: messages(hi, calls(call('a', { arguments: 'no JSON' })), tool('a')),
    rejected: messages(hi, calls(call('a', { arguments: {} })), tool('a')),
    at: 'messages[1].tool_calls[0].function.arguments',
  },
  {
    rule: 'required',
    rejects: 'a user message without content',
    accepted: messages(hi),
    rejected: messages({ role: 'user' }),
    at: 'messages[0].content',
  },
  {
    rule: 'required',
    rejects: 'an inline file without a name',
    accepted: messages(user([pdf('data:application/pdf;base64,JVBERi0=')])),
    rejected: messages(user([file({ file_data: 'data:application/pdf;base64,JVBERi0=' })])),
    at: 'messages[0].content[0].file.filename',
  },
  {
    rule: 'unknown-field',
    rejects: 'a field that the API does not know',
    accepted: messages(hi, { role: 'assistant', content: 'Hello', refusal: null, annotations: [] }),
    rejected: messages(hi, { role: 'assistant', content: 'Hello', reasoning_content: 'x' }),
    at: 'messages[1].reasoning_content',
  },
  {
    rule: 'value',
    rejects: 'a role that the API does not know',
    accepted: messages({ role: 'developer', content: 'Be brief' }, hi),
    rejected: messages({ role: 'model', content: 'Hello' }, hi),
    at: 'messages[0].role',
  },
  {
    rule: 'value',
    rejects: 'an inline file that is not a PDF',
    accepted: messages(user([file({ file_id: 'file-1' })])),
    rejected: messages(user([pdf('data:text/plain;base64,YQ==')])),
    at: 'messages[0].content[0].file.file_data',
  },
  {
    rule: 'empty',
    rejects: 'an empty list of tool calls',
    accepted: messages(hi, { role: 'assistant', content: 'Hello' }),
    rejected: messages(hi, { role: 'assistant', content: 'Hello', tool_calls: [] }),
    at: 'messages[1].tool_calls',
  },
  {
    rule: 'empty',
    rejects: 'a content without parts',
    accepted: messages(user([{ type: 'text', text: '' }])),
    rejected: messages(user([])),
    at: 'messages[0].content',
  },
  {
    rule: 'empty',
    rejects: 'a prompt without messages',
    accepted: messages(hi),
    rejected: messages(),
    at: 'messages',
  },
  {
    rule: 'too-long',
    rejects: 'the id of a tool call with more than 40 characters',
    accepted: messages(hi, calls(call('i'.repeat(40))), tool('i'.repeat(40))),
    rejected: messages(hi, calls(call('i'.repeat(41))), tool('i'.repeat(41))),
    at: 'messages[1].tool_calls[0].id',
    also: ['too-long at messages[2].tool_call_id'],
  },
  {
    rule: 'too-long',
    rejects: 'the name of a function with more than 64 characters',
    accepted: messages(hi, calls(call('a', { name: 'n'.repeat(64) })), tool('a')),
    rejected: messages(hi, calls(call('a', { name: 'n'.repeat(65) })), tool('a')),
    at: 'messages[1].tool_calls[0].function.name',
  },
  {
    rule: 'pattern',
    rejects: 'a name with a space',
    accepted: messages(user('Hi', { name: 'Ann_1' })),
    rejected: messages(user('Hi', { name: 'Ann Lee' })),
    at: 'messages[0].name',
  },
  {
    rule: 'pattern',
    rejects: 'an image that is neither a web address nor a data URL',
    accepted: messages(user([image('http://example.com/a.png'), image('data:image/png;base64,YQ==')])),
    rejected: messages(user([image('file:///a.png')])),
    at: 'messages[0].content[0].image_url.url',
  },
  {
    rule: 'base64',
    rejects: 'a data URL with invalid base64',
    accepted: messages(user([image('data:image/png;base64,YQ==')])),
    rejected: messages(user([image('data:image/png;base64,Y')])),
    at: 'messages[0].content[0].image_url.url',
  },
  {
    rule: 'part-role',
    rejects: 'an image in a tool message',
    accepted: messages(hi, calls(call('a')), tool('a', [{ type: 'text', text: 'ok' }])),
    rejected: messages(hi, calls(call('a')), tool('a', [image('https://example.com/a.png')])),
    at: 'messages[2].content[0]',
  },
  {
    rule: 'unicode',
    rejects: 'a lone surrogate',
    accepted: messages(user('😀')),
    rejected: messages(user('\udc00')),
    at: 'messages[0].content',
  },
  {
    rule: 'user-message',
    rejects: 'a prompt without a user message',
    accepted: messages(system('Be brief'), hi),
    rejected: messages(system('Be brief')),
    at: 'messages',
  },
  {
    rule: 'system-first',
    rejects: 'a system message behind another message',
    accepted: messages(system('a'), { role: 'developer', content: 'b' }, hi),
    rejected: messages(system('a'), hi, system('b')),
    at: 'messages[2]',
    options: { systemFirst: true },
  },
  {
    rule: 'content-required',
    rejects: 'an assistant message with neither content nor calls',
    accepted: messages(hi, { role: 'assistant', content: null, refusal: 'No' }),
    rejected: messages(hi, { role: 'assistant', content: null }),
    at: 'messages[1].content',
  },
  {
    rule: 'unanswered-tool-call',
    rejects: 'one of two parallel calls without an answer',
    accepted: messages(hi, calls(call('a'), call('b')), tool('b'), tool('a')),
    rejected: messages(hi, calls(call('a'), call('b')), tool('b')),
    at: 'messages[1].tool_calls[0]',
  },
  {
    rule: 'unanswered-tool-call',
    rejects: 'a user message between two answers',
    accepted: messages(hi, calls(call('a'), call('b')), tool('a'), tool('b'), hi),
    rejected: messages(hi, calls(call('a'), call('b')), tool('a'), hi, tool('b')),
    at: 'messages[1].tool_calls[1]',
    also: ['orphan-tool-result at messages[4]'],
  },
  {
    rule: 'orphan-tool-result',
    rejects: 'an answer without its call',
    accepted: oneCall,
    rejected: messages(hi, tool('a')),
    at: 'messages[1]',
  },
  {
    rule: 'duplicate-tool-call-id',
    rejects: 'two calls of one message with the same id',
    accepted: messages(...oneCall.messages, calls(call('a')), tool('a')),
    rejected: messages(hi, calls(call('a'), call('a')), tool('a')),
    at: 'messages[1].tool_calls[1].id',
  },
  {
    rule: 'duplicate-tool-result',
    rejects: 'two answers to one call',
    accepted: oneCall,
    rejected: messages(...oneCall.messages, tool('a')),
    at: 'messages[3]',
  },
  {
    rule: 'json-arguments',
    rejects: 'arguments that are no JSON object',
    accepted: oneCall,
    rejected: messages(hi, calls(call('a', { arguments: '[' })), tool('a')),
    at: 'messages[1].tool_calls[0].function.arguments',
    options: { jsonArguments: true },
  },
];

describe('validateOpenAiChat', () => {
  testRules(OPENAI_CHAT_RULES, validateOpenAiChat, CASES, { unused: ['blank'] });

  it('accepts texts without visible characters', () => {
    expect(validateOpenAiChat(messages(user(''), user([{ type: 'text', text: ' ' }])))).toEqual([]);
  });

  it('accepts longer ids if the options say so', () => {
    const id = 'i'.repeat(64);
    const prompt = messages(hi, calls(call(id)), tool(id));
    expect(validateOpenAiChat(prompt, { maxToolCallIdLength: 64 })).toEqual([]);
  });
});
