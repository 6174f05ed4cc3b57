import { describe, expect, it } from '@jest/globals';
import { parseOutline } from '@fastpaca/messages';
import fc from 'fast-check';
import { anyEvent } from '../../test/support/any-event.js';
import { RawJson } from '../common/http/body/raw-json.js';
import { MessageTokenCounter } from '../tokens/message-token-counter.js';
import { EventNormalizer } from './event-normalizer.js';

/** One token per character: a count shows which text was counted. */
const normalizer = new EventNormalizer(new MessageTokenCounter({ count: (text) => text.length }));
const normalize = (text: string) => normalizer.normalize(new RawJson(JSON.parse(text), text), null);

/** Tokens of the frame of a message and of the role `user`. */
const BASE = 3 + 4;

describe('EventNormalizer', () => {
  it('keeps the text of an event, except for white space between JSON tokens', async () => {
    const { body, role } = await normalize(
      '{ "b": 1.0, "role": "user", "10": { "2": 1E+2, "1": 0.10 }, "parts": [ {"type": "x", "__proto__": 1} ] }',
    );
    expect(body).toBe(
      '{"b":1.0,"role":"user","10":{"2":1E+2,"1":0.10},"parts":[{"type":"x","__proto__":1}]}',
    );
    expect(role).toBe('user');
  });

  it('removes server fields at the top level only, even if their keys are escaped', async () => {
    const { body } = await normalize(
      '{"seq":1,"role":"user","\\u0073eq":2,"version":3,"parts":[{"type":"x","seq":4}],"token_estimate":5,' +
        '"metadata":{"version":6},"inserted_at":null,"sequence":7}',
    );
    expect(body).toBe('{"role":"user","parts":[{"type":"x","seq":4}],"metadata":{"version":6},"sequence":7}');
  });

  it.each([
    [
      '{"role":"user","content":"a","id":"x"}',
      '{"role":"user","parts":[{"type":"text","text":"a"}],"id":"x"}',
    ],
    ['{"parts":null,"content":"a","role":"user"}', '{"parts":[{"type":"text","text":"a"}],"role":"user"}'],
    [
      '{"content":7,"role":"user","content":"a","x":1}',
      '{"role":"user","parts":[{"type":"text","text":"a"}],"x":1}',
    ],
    ['{"role":"user","content":""}', '{"role":"user","parts":[{"type":"text","text":""}]}'],
    [
      '{"role":"user","content":"\\ud800\\u0000\\n\\u00e9"}',
      '{"role":"user","parts":[{"type":"text","text":"\\ud800\\u0000\\né"}]}',
    ],
  ])('replaces content with one text part: %s', async (text, body) => {
    expect((await normalize(text)).body).toBe(body);
  });

  it.each([
    [
      '{"role":"user", "content" : [ {"type":"x","n":1.0,"2":0,"1":0} ] ,"id":"x"}',
      '{"role":"user","parts":[{"type":"x","n":1.0,"2":0,"1":0}],"id":"x"}',
    ],
    ['{"parts":null,"content":[{"type":"x"}],"role":"user"}', '{"parts":[{"type":"x"}],"role":"user"}'],
  ])('takes a list of content as the parts: %s', async (text, body) => {
    expect((await normalize(text)).body).toBe(body);
  });

  it.each([
    [
      '{"role":"assistant","content":null,"tool_calls":[{"n":1.0}]}',
      '{"role":"assistant","parts":[],"tool_calls":[{"n":1.0}]}',
    ],
    [
      '{"role":"assistant","tool_calls":[{"n":1.0}],"x":1}',
      '{"role":"assistant","tool_calls":[{"n":1.0}],"x":1,"parts":[]}',
    ],
    [
      '{"parts":null,"role":"assistant","tool_calls":[{}]}',
      '{"role":"assistant","tool_calls":[{}],"parts":[]}',
    ],
    [
      '{"role":"assistant","content":[],"tool_calls":[{}]}',
      '{"role":"assistant","parts":[],"tool_calls":[{}]}',
    ],
    [
      '{"role":"assistant","parts":[],"tool_calls":[{}]}',
      '{"role":"assistant","parts":[],"tool_calls":[{}]}',
    ],
  ])('stores empty parts beside tool calls: %s', async (text, body) => {
    expect((await normalize(text)).body).toBe(body);
  });

  it.each([
    ['{"content":"a"}', 'string'],
    ['{"content":[{"type":"x"}]}', 'parts'],
    ['{"parts":[{"type":"x"}]}', 'parts'],
    ['{"parts":[{"type":"x"}],"content":null}', 'parts'],
    ['{"content":"","tool_calls":[{}]}', 'string'],
    ['{"content":null,"tool_calls":[{}]}', 'null'],
    ['{"content":null,"parts":null,"tool_calls":[{}]}', 'null'],
    ['{"tool_calls":[{}]}', 'absent'],
    ['{"parts":null,"tool_calls":[{}]}', 'absent'],
    ['{"content":[],"tool_calls":[{}]}', 'parts'],
    ['{"parts":[],"tool_calls":[{}]}', 'parts'],
  ])('remembers how the content was written: %s', async (fields, form) => {
    const { outline } = await normalize(`{"role":"assistant",${fields.slice(1)}`);
    expect(parseOutline(outline)?.contentForm).toBe(form);
  });

  it('keeps null content if the event has parts', async () => {
    const text = '{"role":"user","content":null,"parts":[{"type":"x"}]}';
    expect((await normalize(text)).body).toBe(text);
  });

  it.each([
    ['the text of a text part', '[{"type":"text","text":"12345"}]', BASE + 5],
    ['the text of a reasoning part', '[{"type":"reasoning","text":"12345","more":1}]', BASE + 5],
    [
      'the compact JSON of any other part',
      '[ { "type": "x", "n": 1.0 } ]',
      BASE + '{"type":"x","n":1.0}'.length,
    ],
    [
      'the compact JSON of a text part without a text',
      '[{"type":"text","text":7}]',
      BASE + '{"type":"text","text":7}'.length,
    ],
    [
      'the compact JSON of a part of another type, even if it has a text',
      '[{"type":"file","text":"12345"}]',
      BASE + '{"type":"file","text":"12345"}'.length,
    ],
    ['every part', '[{"type":"text","text":"12345"},{"type":"text","text":"67"}]', BASE + 7],
  ])('counts the tokens of %s', async (_, parts, tokens) => {
    expect((await normalize(`{"role":"user","parts":${parts}}`)).tokenEstimate).toBe(tokens);
  });

  it.each([
    [
      'name and arguments of a function',
      '{"id":"call_1","type":"function","function":{"name":"add","arguments":"{ }"}}',
      'add{ }'.length,
    ],
    [
      'name and input of a custom tool',
      '{"id":"call_1","type":"custom","custom":{"name":"run","input":"ls -l"}}',
      'runls -l'.length,
    ],
    [
      'name and JSON of arguments that are no text',
      '{ "function": {"name":"add","arguments":{"n":1.5}} }',
      'add{"n":1.5}'.length,
    ],
    ['a call without arguments', '{ "name": "add" , "n":1.0}', 'add{}'.length],
    [
      'the compact JSON of a call without a name',
      '{ "call": "add" , "n":1.0}',
      '{"call":"add","n":1.0}'.length,
    ],
    ['the JSON of what is no call', ' 17 ', 2],
  ])('counts %s in tool_calls', async (_, call, tokens) => {
    const base = 3 + 'assistant'.length;
    const one = await normalize(`{"role":"assistant","content":null,"tool_calls":[${call}]}`);
    expect(one).toMatchObject({ tokenEstimate: base + tokens, partTokens: null });
    const two = await normalize(`{"role":"assistant","content":"12345","tool_calls":[${call},${call}]}`);
    expect(two).toMatchObject({ tokenEstimate: base + 5 + 2 * tokens, partTokens: [5, tokens, tokens] });
  });

  it('counts the JSON of tool_calls in a message that no model wrote', async () => {
    const call = '{"name":"add","args":{}}';
    const event = await normalize(`{"role":"user","content":"12345","tool_calls":[${call}]}`);
    expect(event).toMatchObject({ tokenEstimate: BASE + 5 + call.length, partTokens: [5, call.length] });
  });

  it('counts the name of a message and one token, and keeps them out of the counts of its parts', async () => {
    const event = await normalize('{"role":"user","name":"Ada","content":"12345"}');
    expect(event).toMatchObject({ tokenEstimate: BASE + 5 + 3 + 1, partTokens: [5] });
  });

  it('counts in the tokens of the model', async () => {
    const counter = new MessageTokenCounter({
      count: (text, model) => text.length * (model === 'big' ? 10 : 1),
    });
    const text = '{"role":"user","parts":[{"type":"text","text":"12345"},{"type":"text","text":"67"}]}';
    const [event] = await new EventNormalizer(counter).normalizeAll(
      [new RawJson(JSON.parse(text), text)],
      'big',
    );
    expect(event).toMatchObject({ tokenEstimate: 3 + 40 + 70, partTokens: [50, 20] });
  });

  it('counts no tokens for tool_calls that are no list', async () => {
    const event = await normalize('{"role":"user","content":"12345","tool_calls":{"length":1}}');
    expect(event).toMatchObject({ tokenEstimate: BASE + 5, partTokens: null });
  });

  it("uses the caller's token_count for the event, and counts each part if a window may remove or replace some", async () => {
    const one = await normalize('{"role":"user","token_count":70,"parts":[{"type":"text","text":"12345"}]}');
    expect(one).toMatchObject({ tokenEstimate: 70, partTokens: null });
    const none = await normalize('{"role":"user","token_count":0,"content":"12345"}');
    expect(none).toMatchObject({ tokenEstimate: 0, partTokens: null });
    const several = await normalize(
      '{"role":"user","token_count":70,"parts":[{"type":"text","text":"12345"},{"type":"text","text":"67"}]}',
    );
    expect(several).toMatchObject({ tokenEstimate: 70, partTokens: [5, 2] });
    const result = await normalize('{"role":"tool","token_count":70,"content":"12345"}');
    expect(result).toMatchObject({ tokenEstimate: 70, partTokens: [5] });
    const absent = await normalize('{"role":"user","token_count":null,"content":"12345"}');
    expect(absent).toMatchObject({ tokenEstimate: BASE + 5, partTokens: null });
  });

  it('counts the last parts field of an event with two parts fields', async () => {
    const { tokenEstimate } = await normalize(
      '{"role":"user","parts":[{"type":"x"},{"type":"y"}],"parts":[{"type":"text","text":"1"}]}',
    );
    expect(tokenEstimate).toBe(BASE + 1);
  });

  it('counts any event, with one whole number per part and per tool call', async () => {
    await fc.assert(
      fc.asyncProperty(anyEvent, async (event) => {
        const text = event.text(1);
        const value = JSON.parse(text) as { parts?: unknown[]; content?: unknown; tool_calls?: unknown };
        const { tokenEstimate, partTokens } = await normalize(text);
        expect(Number.isInteger(tokenEstimate) && tokenEstimate >= 0).toBe(true);
        const parts = value.parts ?? [value.content ?? []].flat();
        const calls = Array.isArray(value.tool_calls) ? value.tool_calls : [];
        if (partTokens) expect(partTokens).toHaveLength(parts.length + calls.length);
        else expect(parts.length + calls.length).toBe(1);
        expect(partTokens?.every((tokens) => Number.isInteger(tokens) && tokens >= 0) ?? true).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('normalizes a list in order', async () => {
    const text = '[{"role":"user","content":"a","n":1.0} , {"role":"tool","content":"b"}]';
    const events = await normalizer.normalizeAll(new RawJson(JSON.parse(text), text).elements(), null);
    expect(events.map(({ role, body }) => [role, body])).toEqual([
      ['user', '{"role":"user","parts":[{"type":"text","text":"a"}],"n":1.0}'],
      ['tool', '{"role":"tool","parts":[{"type":"text","text":"b"}]}'],
    ]);
  });
});
