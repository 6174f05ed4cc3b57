import { describe, expect, it } from '@jest/globals';
import { loggedEventJson, messageJson, streamedEventJson } from './event-json.js';

const AT = new Date('2026-01-02T03:04:05.678Z');

describe('the JSON of a logged event', () => {
  const event = {
    seq: 3,
    version: 4,
    body: '{"role":"user","n":1.0,"parts":[{"type":"text","text":"a"}]}',
    tokenEstimate: 5,
    partTokens: null,
    insertedAt: AT,
  };

  it('is its stored text between seq and version before it and the other server fields after it', () => {
    expect(loggedEventJson(event)).toBe(
      '{"seq":3,"version":4,"role":"user","n":1.0,"parts":[{"type":"text","text":"a"}],' +
        '"token_estimate":5,"inserted_at":"2026-01-02T03:04:05.678Z"}',
    );
  });

  it('has no seq and version in a frame of the stream, which carries them beside it', () => {
    expect(streamedEventJson(event)).toBe(
      '{"role":"user","n":1.0,"parts":[{"type":"text","text":"a"}],' +
        '"token_estimate":5,"inserted_at":"2026-01-02T03:04:05.678Z"}',
    );
  });
});

describe('messageJson', () => {
  it('carries seqs, role, parts, id, metadata and inserted_at, and nothing else of the event', () => {
    const body =
      '{"extra":1,"metadata":{"k":[1]},"token_count":5,"id":"m1","role":"user","parts":[{"type":"text","text":"a"}]}';
    expect(messageJson({ seq: 3, from_seq: 3, to_seq: 9 }, body, AT)).toBe(
      '{"seq":3,"from_seq":3,"to_seq":9,"role":"user","parts":[{"type":"text","text":"a"}],"id":"m1","metadata":{"k":[1]},' +
        '"inserted_at":"2026-01-02T03:04:05.678Z"}',
    );
  });

  it('has no id and no metadata where there are none, null included', () => {
    const expected = '{"seq":1,"role":"user","parts":[],"inserted_at":"2026-01-02T03:04:05.678Z"}';
    expect(messageJson({ seq: 1 }, '{"role":"user","parts":[]}', AT)).toBe(expected);
    expect(messageJson({ seq: 1 }, '{"role":"user","parts":[],"id":null,"metadata":null}', AT)).toBe(
      expected,
    );
  });

  it('keeps empty metadata and an empty id, which are not none', () => {
    expect(
      JSON.parse(messageJson({ seq: 1 }, '{"role":"user","parts":[],"id":"","metadata":{}}', AT)),
    ).toMatchObject({
      id: '',
      metadata: {},
    });
  });

  it('leaves numbers, escapes and key order as they were sent', () => {
    const parts = '[{"z":1.0,"type":"x","a":12345678901234567890,"e":1E+2,"s":"\\u0041\\u0000\\/"}]';
    const message = messageJson(
      { seq: 1 },
      `{"parts":${parts},"role":"tool","metadata":{"b":-0,"a":1.50}}`,
      AT,
    );
    expect(message).toContain(`"parts":${parts}`);
    expect(message).toContain('"metadata":{"b":-0,"a":1.50}');
  });

  it('is not led astray by text that looks like JSON', () => {
    const body = JSON.stringify({
      note: '"parts":[1],"id":"no"}',
      role: 'user',
      parts: [{ type: 'text', text: '],"metadata":{"a":1},"parts":[' }],
      nested: { id: 'inner', metadata: { no: 1 } },
    });
    expect(JSON.parse(messageJson({ seq: 1 }, body, AT))).toEqual({
      seq: 1,
      role: 'user',
      parts: [{ type: 'text', text: '],"metadata":{"a":1},"parts":[' }],
      inserted_at: AT.toISOString(),
    });
  });

  it('takes the parts that are left in the place of all', () => {
    const body = '{"role":"user","parts":[{"type":"text"},{"type":"image"}],"id":"m"}';
    expect(JSON.parse(messageJson({ seq: 1 }, body, AT, '[{"type":"image"}]'))).toEqual({
      seq: 1,
      role: 'user',
      parts: [{ type: 'image' }],
      id: 'm',
      inserted_at: AT.toISOString(),
    });
  });
});
