import { describe, expect, it } from '@jest/globals';
import { RawJson } from '../common/http/body/raw-json.js';
import { MessageTokenCounter } from '../tokens/message-token-counter.js';
import { EventNormalizer } from './event-normalizer.js';

/** One token per character: a count shows which text was counted. */
const normalizer = new EventNormalizer(new MessageTokenCounter({ count: (text) => text.length }));
const normalize = (text: string) => normalizer.normalize(new RawJson(JSON.parse(text), text));

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
    ['{"role":"user","content":""}', '{"role":"user","parts":[{"type":"text","text":""}]}'],
    [
      '{"role":"user","content":"\\ud800\\u0000\\n\\u00e9"}',
      '{"role":"user","parts":[{"type":"text","text":"\\ud800\\u0000\\né"}]}',
    ],
  ])('replaces content with one text part: %s', async (text, body) => {
    expect((await normalize(text)).body).toBe(body);
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
    ['every part', '[{"type":"text","text":"12345"},{"type":"text","text":"67"}]', BASE + 7],
  ])('counts the tokens of %s', async (_, parts, tokens) => {
    expect((await normalize(`{"role":"user","parts":${parts}}`)).tokenEstimate).toBe(tokens);
  });

  it("uses the caller's token_count for the event, and counts each part if there are several", async () => {
    const one = await normalize('{"role":"user","token_count":70,"parts":[{"type":"text","text":"12345"}]}');
    expect(one).toMatchObject({ tokenEstimate: 70, partTokens: null });
    const none = await normalize('{"role":"user","token_count":0,"content":"12345"}');
    expect(none).toMatchObject({ tokenEstimate: 0, partTokens: null });
    const several = await normalize(
      '{"role":"user","token_count":70,"parts":[{"type":"text","text":"12345"},{"type":"text","text":"67"}]}',
    );
    expect(several).toMatchObject({ tokenEstimate: 70, partTokens: [5, 2] });
    const absent = await normalize('{"role":"user","token_count":null,"content":"12345"}');
    expect(absent).toMatchObject({ tokenEstimate: BASE + 5, partTokens: null });
  });

  it('counts the last parts field of an event with two parts fields', async () => {
    const { tokenEstimate } = await normalize(
      '{"role":"user","parts":[{"type":"x"},{"type":"y"}],"parts":[{"type":"text","text":"1"}]}',
    );
    expect(tokenEstimate).toBe(BASE + 1);
  });

  it('normalizes a list in order', async () => {
    const text = '[{"role":"user","content":"a","n":1.0} , {"role":"tool","content":"b"}]';
    const events = await normalizer.normalizeAll(new RawJson(JSON.parse(text), text).elements());
    expect(events.map(({ role, body }) => [role, body])).toEqual([
      ['user', '{"role":"user","parts":[{"type":"text","text":"a"}],"n":1.0}'],
      ['tool', '{"role":"tool","parts":[{"type":"text","text":"b"}]}'],
    ]);
  });
});
