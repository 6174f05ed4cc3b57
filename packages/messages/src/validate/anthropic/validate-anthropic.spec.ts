import { describe, expect, it } from '@jest/globals';
import { testRules, type RuleCase } from '../../../test/support/rule-cases.js';
import type { AnthropicOptions } from './options.js';
import { ANTHROPIC_RULES } from './rules.js';
import { validateAnthropic } from './validate-anthropic.js';

const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const user = (content: unknown) => ({ role: 'user', content });
const assistant = (content: unknown) => ({ role: 'assistant', content });
const systemMessage = (content: unknown) => ({ role: 'system', content });
const text = (value: string, fields = {}) => ({ type: 'text', text: value, ...fields });
const use = (id: string, fields = {}) => ({ type: 'tool_use', id, name: 'f', input: {}, ...fields });
const result = (id: string, fields = {}) => ({
  type: 'tool_result',
  tool_use_id: id,
  content: 'ok',
  ...fields,
});
const image = (source: unknown) => ({ type: 'image', source });
const pngSource = { type: 'base64', media_type: 'image/png', data: PNG };
const thinking = { type: 'thinking', thinking: '', signature: 'c2ln' };
const search = {
  type: 'server_tool_use',
  id: 'srvtoolu_1',
  name: 'web_search',
  input: { query: 'x' },
};
const found = { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] };
const cached = (ttl?: string) => text('a', { cache_control: { type: 'ephemeral', ...(ttl ? { ttl } : {}) } });

const messages = (...list: unknown[]) => ({ messages: list });
const hi = user('Hi');
/** A whole tool call: the request, the use, and what the user message answers. */
const answered = (uses: unknown[], answers: unknown[]) => messages(hi, assistant(uses), user(answers));
const oneCall = answered([use('a')], [result('a')]);

const CASES: RuleCase<AnthropicOptions>[] = [
  {
    rule: 'type',
    rejects: 'an input that is not an object',
    accepted: oneCall,
    rejected: answered([use('a', { input: '{}' })], [result('a')]),
    at: 'messages[1].content[0].input',
  },
  {
    rule: 'required',
    rejects: 'a tool use without a name',
    accepted: oneCall,
    rejected: answered([{ type: 'tool_use', id: 'a', input: {} }], [result('a')]),
    at: 'messages[1].content[0].name',
  },
  {
    rule: 'unknown-field',
    rejects: 'a field that the API does not know',
    accepted: messages(user([text('Hi', { cache_control: null })])),
    rejected: messages(user([text('Hi', { index: 0 })])),
    at: 'messages[0].content[0].index',
  },
  {
    rule: 'value',
    rejects: 'a block of an unknown type',
    accepted: messages(user([text('Hi')])),
    rejected: messages(user([{ type: 'input_text', text: 'Hi' }])),
    at: 'messages[0].content[0].type',
  },
  {
    rule: 'value',
    rejects: 'an image whose bytes contradict its media type',
    accepted: messages(user([image(pngSource)])),
    rejected: messages(user([image({ ...pngSource, media_type: 'image/jpeg' })])),
    at: 'messages[0].content[0].source.media_type',
  },
  {
    rule: 'value',
    rejects: 'an image of a type that the API cannot read',
    accepted: messages(user([image({ type: 'base64', media_type: 'image/gif', data: 'R0lGODlh' })])),
    rejected: messages(user([image({ type: 'base64', media_type: 'image/svg+xml', data: 'PHN2Zz48' })])),
    at: 'messages[0].content[0].source.media_type',
  },
  {
    rule: 'empty',
    rejects: 'a message without content',
    accepted: messages(hi),
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
    rule: 'empty',
    rejects: 'thinking without a signature',
    accepted: messages(hi, assistant([thinking, text('Hello')]), hi),
    rejected: messages(hi, assistant([{ ...thinking, signature: '' }, text('Hello')]), hi),
    at: 'messages[1].content[0].signature',
  },
  {
    rule: 'blank',
    rejects: 'a text of white space',
    accepted: messages(user([text(' a ')])),
    rejected: messages(user([text(' \n')])),
    at: 'messages[0].content[0].text',
  },
  {
    rule: 'blank',
    rejects: 'an empty text in a tool result',
    accepted: answered([use('a')], [result('a', { content: '' })]),
    rejected: answered([use('a')], [result('a', { content: [text('')] })]),
    at: 'messages[2].content[0].content[0].text',
  },
  {
    rule: 'blank',
    rejects: 'an empty system text',
    accepted: { system: 'Be brief', messages: [hi] },
    rejected: { system: '', messages: [hi] },
    at: 'system',
  },
  {
    rule: 'too-long',
    rejects: 'a tool name of more than 128 characters',
    accepted: answered([use('a', { name: 'n'.repeat(128) })], [result('a')]),
    rejected: answered([use('a', { name: 'n'.repeat(129) })], [result('a')]),
    at: 'messages[1].content[0].name',
  },
  {
    rule: 'pattern',
    rejects: 'a tool use id with other characters than letters, digits, underscore and hyphen',
    accepted: answered([use('call_1-x')], [result('call_1-x')]),
    rejected: answered([use('functions.f:0')], [result('functions.f:0')]),
    at: 'messages[1].content[0].id',
    also: ['pattern at messages[2].content[0].tool_use_id'],
  },
  {
    rule: 'pattern',
    rejects: 'the URL of an image without https',
    accepted: messages(user([image({ type: 'url', url: 'https://example.com/a.png' })])),
    rejected: messages(user([image({ type: 'url', url: 'http://example.com/a.png' })])),
    at: 'messages[0].content[0].source.url',
  },
  {
    rule: 'base64',
    rejects: 'image data with a data URL in front',
    accepted: messages(user([image(pngSource)])),
    rejected: messages(user([image({ ...pngSource, data: `data:image/png;base64,${PNG}` })])),
    at: 'messages[0].content[0].source.data',
  },
  {
    rule: 'part-role',
    rejects: 'thinking in a user message',
    accepted: messages(hi, assistant([thinking, text('Hello')]), hi),
    rejected: messages(user([thinking, text('Hello')])),
    at: 'messages[0].content[0]',
  },
  {
    rule: 'part-role',
    rejects: 'an image in an assistant message',
    accepted: messages(user([image(pngSource)])),
    rejected: messages(hi, assistant([text('See'), image(pngSource)]), hi),
    at: 'messages[1].content[1]',
  },
  {
    rule: 'unicode',
    rejects: 'a lone surrogate deep in the input of a tool',
    accepted: answered([use('a', { input: { deep: [{ x: '😀' }] } })], [result('a')]),
    rejected: answered([use('a', { input: { deep: [{ x: '\ud83d' }] } })], [result('a')]),
    at: 'messages[1].content[0].input.deep[0].x',
  },
  {
    rule: 'first-role',
    rejects: 'an assistant message at the beginning',
    accepted: messages(hi),
    rejected: messages(assistant('Hello'), hi),
    at: 'messages[0]',
  },
  {
    rule: 'last-role',
    rejects: 'an assistant message at the end',
    accepted: messages(hi, assistant('Hello'), hi),
    rejected: messages(hi, assistant('Hello')),
    at: 'messages[1]',
  },
  {
    rule: 'trailing-white-space',
    rejects: 'white space at the end of a prefill',
    accepted: messages(hi, assistant('Hello')),
    rejected: messages(hi, assistant([text('Hello ')])),
    at: 'messages[1]',
    options: { prefill: true },
  },
  {
    rule: 'alternation',
    rejects: 'two user messages in a row',
    accepted: messages(hi, assistant('Hello'), hi),
    rejected: messages(hi, hi),
    at: 'messages[1]',
  },
  {
    rule: 'system-role',
    rejects: 'a system message',
    accepted: messages(hi),
    rejected: messages(hi, systemMessage('Be brief')),
    at: 'messages[1]',
  },
  {
    rule: 'system-placement',
    rejects: 'a system message behind an assistant message',
    accepted: messages(
      hi,
      systemMessage('a'),
      systemMessage('b'),
      assistant('Hello'),
      hi,
      systemMessage('c'),
    ),
    rejected: messages(hi, assistant('Hello'), systemMessage('a'), assistant('Hello'), hi),
    at: 'messages[2]',
    also: ['alternation at messages[3]'],
    options: { midConversationSystem: true },
  },
  {
    rule: 'system-placement',
    rejects: 'a system message before a user message',
    accepted: messages(hi, assistant([search, found]), systemMessage('a'), assistant('Hello'), hi),
    rejected: messages(hi, systemMessage('a'), hi),
    at: 'messages[1]',
    options: { midConversationSystem: true, alternation: false },
  },
  {
    rule: 'system-placement',
    rejects: 'a system message at the beginning',
    accepted: messages(hi, systemMessage([text('a')])),
    rejected: messages(systemMessage('a'), hi),
    at: 'messages[0]',
    options: { midConversationSystem: true },
  },
  {
    rule: 'unanswered-tool-use',
    rejects: 'a tool use whose result comes one message later',
    accepted: oneCall,
    rejected: messages(hi, assistant([use('a')]), hi, assistant('Hello'), user([result('a')])),
    at: 'messages[1]',
    also: ['orphan-tool-result at messages[4].content[0]'],
  },
  {
    rule: 'unanswered-tool-use',
    rejects: 'one of two parallel tool uses without a result',
    accepted: answered([use('a'), use('b')], [result('b'), result('a')]),
    rejected: answered([use('a'), use('b')], [result('b')]),
    at: 'messages[1]',
  },
  {
    rule: 'orphan-tool-result',
    rejects: 'a result without its tool use',
    accepted: oneCall,
    rejected: messages(user([result('a')])),
    at: 'messages[0].content[0]',
  },
  {
    rule: 'tool-result-position',
    rejects: 'a text before a tool result',
    accepted: answered([use('a')], [result('a'), text('and')]),
    rejected: answered([use('a')], [text('and'), result('a')]),
    at: 'messages[2].content[1]',
  },
  {
    rule: 'duplicate-tool-use-id',
    rejects: 'a tool use id that a later turn uses again',
    accepted: messages(...oneCall.messages, assistant([use('b')]), user([result('b')])),
    rejected: messages(...oneCall.messages, assistant([use('a')]), user([result('a')])),
    at: 'messages[3].content[0]',
  },
  {
    rule: 'duplicate-tool-result',
    rejects: 'two results for one tool use',
    accepted: oneCall,
    rejected: answered([use('a')], [result('a'), result('a')]),
    at: 'messages[2].content[1]',
  },
  {
    rule: 'error-result-content',
    rejects: 'an image in the result of a failed tool',
    accepted: answered([use('a')], [result('a', { content: [text('no'), image(pngSource)] })]),
    rejected: answered(
      [use('a')],
      [result('a', { content: [text('no'), image(pngSource)], is_error: true })],
    ),
    at: 'messages[2].content[0].content[1]',
  },
  {
    rule: 'unanswered-server-tool-use',
    rejects: 'a server tool use without its result',
    accepted: messages(hi, assistant([search, found, text('Here')]), hi),
    rejected: messages(hi, assistant([search, text('Here')]), hi),
    at: 'messages[1].content[0]',
  },
  {
    rule: 'orphan-server-tool-result',
    rejects: 'the result of a server tool before its use',
    accepted: messages(hi, assistant([search, found]), hi),
    rejected: messages(hi, assistant([found, search]), hi),
    at: 'messages[1].content[0]',
    also: ['unanswered-server-tool-use at messages[1].content[1]'],
  },
  {
    rule: 'value',
    rejects: 'a block of the MCP connector without its beta header',
    accepted: messages(hi, assistant([search, found]), hi),
    rejected: messages(
      hi,
      assistant([
        { type: 'mcp_tool_use', id: 'mcptoolu_1', name: 'f', server_name: 's', input: {} },
        { type: 'mcp_tool_result', tool_use_id: 'mcptoolu_1', is_error: false, content: [text('ok')] },
      ]),
      hi,
    ),
    at: 'messages[1].content[0].type',
    also: ['value at messages[1].content[1].type'],
  },
  {
    rule: 'orphan-server-tool-result',
    rejects: 'the result of an MCP tool without its use',
    accepted: messages(
      hi,
      assistant([
        { type: 'mcp_tool_use', id: 'mcptoolu_1', name: 'f', server_name: 's', input: {} },
        { type: 'mcp_tool_result', tool_use_id: 'mcptoolu_1', is_error: false, content: [text('ok')] },
      ]),
      hi,
    ),
    rejected: messages(hi, assistant([{ type: 'mcp_tool_result', tool_use_id: 'mcptoolu_1' }]), hi),
    at: 'messages[1].content[0]',
    options: { mcp: true },
  },
  {
    rule: 'thinking-last',
    rejects: 'an assistant message that ends with thinking',
    accepted: messages(hi, assistant([thinking, text('Hello')]), hi),
    rejected: messages(hi, assistant([text('Hello'), thinking]), hi),
    at: 'messages[1].content[1]',
  },
  {
    rule: 'thinking-first',
    rejects: 'an open tool call without its thinking',
    accepted: answered([thinking, use('a')], [result('a')]),
    rejected: oneCall,
    at: 'messages[1]',
    options: { thinking: true },
  },
  {
    rule: 'cache-breakpoints',
    rejects: 'a fifth cache breakpoint',
    accepted: { system: [cached()], messages: [user([cached(), cached(), cached()])] },
    rejected: { system: [cached()], messages: [user([cached(), cached(), cached(), cached()])] },
    at: 'messages[0].content[3]',
  },
  {
    rule: 'cache-breakpoints',
    rejects: 'a fifth cache breakpoint inside a tool result',
    accepted: answered([use('a')], [result('a', { content: [cached(), cached(), cached(), cached()] })]),
    rejected: answered(
      [use('a')],
      [result('a', { content: [cached(), cached(), cached(), cached()] }), cached()],
    ),
    at: 'messages[2].content[1]',
  },
  {
    rule: 'cache-ttl-order',
    rejects: 'an hour behind five minutes',
    accepted: { system: [cached('1h')], messages: [user([cached('5m')])] },
    rejected: { system: [cached()], messages: [user([cached('1h')])] },
    at: 'messages[0].content[0]',
  },
];

describe('validateAnthropic', () => {
  testRules(ANTHROPIC_RULES, validateAnthropic, CASES);

  it('checks the order of consecutive messages of one role as the API does, which combines them', () => {
    const options = { alternation: false };
    const split = messages(hi, hi, assistant([use('a')]), assistant('One moment'), user([result('a')]), hi);
    expect(validateAnthropic(split, options)).toEqual([]);
    const late = messages(hi, assistant([use('a')]), hi, user([result('a')]));
    expect(validateAnthropic(late, options).map(({ rule }) => rule)).toEqual(['tool-result-position']);
  });

  it('names the place and the words of the provider', () => {
    expect(validateAnthropic(messages(hi, assistant([use('toolu_1')]), hi))).toEqual([
      {
        path: 'messages[1]',
        rule: 'unanswered-tool-use',
        message: '`tool_use` ids were found without `tool_result` blocks immediately after: "toolu_1"',
      },
    ]);
  });
});
