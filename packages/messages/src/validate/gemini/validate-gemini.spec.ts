import { describe, expect, it } from '@jest/globals';
import { testRules, type RuleCase } from '../../../test/support/rule-cases.js';
import type { GeminiOptions } from './options.js';
import { GEMINI_RULES } from './rules.js';
import { validateGemini } from './validate-gemini.js';

const user = (...parts: unknown[]) => ({ role: 'user', parts });
const model = (...parts: unknown[]) => ({ role: 'model', parts });
const text = (value: string, fields = {}) => ({ text: value, ...fields });
const call = (name: string, fields = {}) => ({
  functionCall: { name, args: {}, ...fields },
  thoughtSignature: 'c2ln',
});
const unsigned = (name: string, fields = {}) => ({ functionCall: { name, args: {}, ...fields } });
const response = (name: string, fields = {}) => ({
  functionResponse: { name, response: { output: 'ok' }, ...fields },
});
const image = (fields = {}) => ({ inlineData: { mimeType: 'image/png', data: 'YQ==', ...fields } });

const contents = (...list: unknown[]) => ({ contents: list });
const hi = user(text('Hi'));
const hello = model(text('Hello'));
/** A call turn and the turn behind it. */
const answered = (calls: unknown[], responses: unknown[]) =>
  contents(hi, model(...calls), user(...responses));
const oneCall = answered([call('f')], [response('f')]);

const CASES: RuleCase<GeminiOptions>[] = [
  {
    rule: 'type',
    rejects: 'a response that is not an object',
    accepted: oneCall,
    rejected: answered([call('f')], [response('f', { response: 'ok' })]),
    at: 'contents[2].parts[0].functionResponse.response',
  },
  {
    rule: 'type',
    rejects: 'arguments that are not an object',
    accepted: answered([{ functionCall: { name: 'f' }, thoughtSignature: 'c2ln' }], [response('f')]),
    rejected: answered([call('f', { args: '{}' })], [response('f')]),
    at: 'contents[1].parts[0].functionCall.args',
  },
  {
    rule: 'required',
    rejects: 'a file without its media type',
    accepted: contents(user(image())),
    rejected: contents(user({ inlineData: { data: 'YQ==' } })),
    at: 'contents[0].parts[0].inlineData.mimeType',
  },
  {
    rule: 'unknown-field',
    rejects: 'a field that the API does not know',
    accepted: contents(user(text('Hi', { partMetadata: {} }))),
    rejected: contents(user(text('Hi', { type: 'text' }))),
    at: 'contents[0].parts[0].type',
  },
  {
    rule: 'value',
    rejects: 'a role that the API does not know',
    accepted: contents(hi, hello, hi),
    rejected: contents(hi, { role: 'assistant', parts: [text('Hello')] }, hi),
    at: 'contents[1].role',
  },
  {
    rule: 'empty',
    rejects: 'a content without parts',
    accepted: contents(hi),
    rejected: contents(user()),
    at: 'contents[0].parts',
  },
  {
    rule: 'empty',
    rejects: 'an empty system text',
    accepted: { systemInstruction: { parts: [text('Be brief')] }, contents: [hi] },
    rejected: { systemInstruction: { parts: [text('')] }, contents: [hi] },
    at: 'systemInstruction.parts[0].text',
  },
  {
    rule: 'empty',
    rejects: 'a prompt without contents',
    accepted: contents(hi),
    rejected: contents(),
    at: 'contents',
  },
  {
    rule: 'too-long',
    rejects: 'the name of a function with more than 128 characters',
    accepted: answered([call('n'.repeat(128))], [response('n'.repeat(128))]),
    rejected: answered([call('n'.repeat(129))], [response('n'.repeat(129))]),
    at: 'contents[1].parts[0].functionCall.name',
    also: ['too-long at contents[2].parts[0].functionResponse.name'],
  },
  {
    rule: 'pattern',
    rejects: 'the name of a function that begins with a digit',
    accepted: answered([call('_a.b:c-1')], [response('_a.b:c-1')]),
    rejected: answered([call('1f')], [response('1f')]),
    at: 'contents[1].parts[0].functionCall.name',
    also: ['pattern at contents[2].parts[0].functionResponse.name'],
  },
  {
    rule: 'pattern',
    rejects: 'an image of a type that the API cannot read',
    accepted: contents(user(image({ mimeType: 'image/heic' }))),
    rejected: contents(user(image({ mimeType: 'image/gif' }))),
    at: 'contents[0].parts[0].inlineData.mimeType',
  },
  {
    rule: 'base64',
    rejects: 'file data that is not base64',
    accepted: contents(user(image())),
    rejected: contents(user(image({ data: 'https://example.com/a.png' }))),
    at: 'contents[0].parts[0].inlineData.data',
  },
  {
    rule: 'base64',
    rejects: 'a thought signature that is not base64',
    accepted: answered(
      [{ ...call('f'), thoughtSignature: 'skip_thought_signature_validator' }],
      [response('f')],
    ),
    rejected: answered([{ ...call('f'), thoughtSignature: 'no base64' }], [response('f')]),
    at: 'contents[1].parts[0].thoughtSignature',
  },
  {
    rule: 'part-role',
    rejects: 'a thought in a user content',
    accepted: contents(hi, model(text('Hm', { thought: true }), text('Hello')), hi),
    rejected: contents(user(text('Hm', { thought: true }))),
    at: 'contents[0].parts[0].thought',
  },
  {
    rule: 'part-role',
    rejects: 'a function response in a model content',
    accepted: oneCall,
    rejected: contents(hi, model(call('f')), model(response('f')), hi),
    at: 'contents[2].parts[0].functionResponse',
  },
  {
    rule: 'unicode',
    rejects: 'a lone surrogate in the name of a field',
    accepted: answered([call('f', { args: { '😀': 1 } })], [response('f')]),
    rejected: answered([call('f', { args: { '\ud83d': 1 } })], [response('f')]),
    at: 'contents[1].parts[0].functionCall.args["\\ud83d"]',
  },
  {
    rule: 'part-data',
    rejects: 'an empty text',
    accepted: contents(hi, model(text('', { thoughtSignature: 'c2ln' })), hi),
    rejected: contents(hi, model(text('')), hi),
    at: 'contents[1].parts[0]',
  },
  {
    rule: 'part-data',
    rejects: 'a part with a text and a file',
    accepted: contents(user(text('Hi'), image())),
    rejected: contents(user({ ...text('Hi'), ...image() })),
    at: 'contents[0].parts[0]',
  },
  {
    rule: 'first-role',
    rejects: 'a model content at the beginning',
    accepted: contents(hi, hi),
    rejected: contents(hello, hi),
    at: 'contents[0]',
  },
  {
    rule: 'last-role',
    rejects: 'a model content at the end',
    accepted: contents(hi, hello, hi),
    rejected: contents(hi, hello),
    at: 'contents[1]',
  },
  {
    rule: 'call-position',
    rejects: 'a call behind a model content',
    accepted: contents(
      hi,
      model(text('Wait'), call('f')),
      user(response('f')),
      model(call('f')),
      user(response('f')),
    ),
    rejected: contents(hi, model(text('Wait')), model(call('f')), user(response('f'))),
    at: 'contents[2]',
  },
  {
    rule: 'unanswered-call',
    rejects: 'a text between a call and its response',
    accepted: contents(hi, model(call('f')), user(response('f')), hi),
    rejected: contents(hi, model(call('f')), hi),
    at: 'contents[1]',
    also: [],
  },
  {
    rule: 'response-position',
    rejects: 'a response without a call before it',
    accepted: oneCall,
    rejected: contents(user(response('f'))),
    at: 'contents[0]',
  },
  {
    rule: 'response-count',
    rejects: 'one response to two calls',
    accepted: answered([call('f'), unsigned('g')], [response('g'), response('f')]),
    rejected: answered([call('f'), unsigned('g')], [response('f')]),
    at: 'contents[2]',
  },
  {
    rule: 'response-count',
    rejects: 'two responses to one call',
    accepted: oneCall,
    rejected: answered([call('f')], [response('f'), response('f')]),
    at: 'contents[2]',
  },
  {
    rule: 'response-match',
    rejects: 'a response with the name of no call',
    accepted: oneCall,
    rejected: answered([call('f')], [response('g')]),
    at: 'contents[2].parts[0].functionResponse',
  },
  {
    rule: 'response-match',
    rejects: 'a response with the id of another call',
    accepted: answered(
      [call('f', { id: 'a' }), unsigned('f', { id: 'b' })],
      [response('f', { id: 'b' }), response('f', { id: 'a' })],
    ),
    rejected: answered([call('f', { id: 'a' })], [response('f', { id: 'b' })]),
    at: 'contents[2].parts[0].functionResponse',
  },
  {
    rule: 'response-turn',
    rejects: 'a text in a response turn',
    accepted: contents(...oneCall.contents, hi),
    rejected: answered([call('f')], [response('f'), text('and')]),
    at: 'contents[2].parts[1]',
  },
  {
    rule: 'missing-thought-signature',
    rejects: 'a call of the current turn without its signature',
    accepted: contents(hi, model(unsigned('f')), user(response('f')), hi),
    rejected: answered([unsigned('f')], [response('f')]),
    at: 'contents[1].parts[0]',
  },
  {
    rule: 'missing-thought-signature',
    rejects: 'a second step without its signature',
    accepted: contents(...answered([call('f'), unsigned('g')], [response('f'), response('g')]).contents),
    rejected: contents(...oneCall.contents, model(unsigned('f')), user(response('f'))),
    at: 'contents[3].parts[0]',
  },
];

describe('validateGemini', () => {
  testRules(GEMINI_RULES, validateGemini, CASES, { unused: ['blank'] });

  it('accepts calls without signatures for models before Gemini 3', () => {
    const prompt = answered([unsigned('f')], [response('f')]);
    expect(validateGemini(prompt, { thoughtSignatures: false })).toEqual([]);
  });
});
