import { describe, expect, it } from '@jest/globals';
import { loggedEventJson, messageJson, streamedEventJson } from './event-json.js';

const AT = new Date('2026-01-02T03:04:05.678Z');

describe('loggedEventJson and streamedEventJson', () => {
  const event = {
    seq: 3,
    version: 4,
    body: '{"role":"user","n":1.0,"parts":[{"type":"text","text":"a"}]}',
    tokenEstimate: 5,
    partTokens: null,
    insertedAt: AT,
  };

  it('add seq and version before the stored text, and the other server fields after it', () => {
    expect(loggedEventJson(event)).toBe(
      '{"seq":3,"version":4,"role":"user","n":1.0,"parts":[{"type":"text","text":"a"}],' +
        '"token_estimate":5,"inserted_at":"2026-01-02T03:04:05.678Z"}',
    );
  });

  it('omit seq and version in a frame of the stream, because the frame itself has them', () => {
    expect(streamedEventJson(event)).toBe(
      '{"role":"user","n":1.0,"parts":[{"type":"text","text":"a"}],' +
        '"token_estimate":5,"inserted_at":"2026-01-02T03:04:05.678Z"}',
    );
  });
});

describe('messageJson', () => {
  it('contains seqs, role, parts, id, metadata and inserted_at, and no other field of the event', () => {
    const body =
      '{"extra":1,"metadata":{"k":[1]},"token_count":5,"id":"m1","role":"user","parts":[{"type":"text","text":"a"}]}';
    expect(messageJson({ seq: 3, from_seq: 3, to_seq: 9 }, body, AT)).toBe(
      '{"seq":3,"from_seq":3,"to_seq":9,"role":"user","parts":[{"type":"text","text":"a"}],"id":"m1","metadata":{"k":[1]},' +
        '"inserted_at":"2026-01-02T03:04:05.678Z"}',
    );
  });

  it('omits id and metadata that are absent or null', () => {
    const expected = '{"seq":1,"role":"user","parts":[],"inserted_at":"2026-01-02T03:04:05.678Z"}';
    expect(messageJson({ seq: 1 }, '{"role":"user","parts":[]}', AT)).toBe(expected);
    expect(messageJson({ seq: 1 }, '{"role":"user","parts":[],"id":null,"metadata":null}', AT)).toBe(
      expected,
    );
  });

  it('keeps empty metadata and an empty id', () => {
    expect(
      JSON.parse(messageJson({ seq: 1 }, '{"role":"user","parts":[],"id":"","metadata":{}}', AT)),
    ).toMatchObject({
      id: '',
      metadata: {},
    });
  });

  it('keeps the spelling of numbers and escapes, and the order of keys', () => {
    const parts = '[{"z":1.0,"type":"x","a":12345678901234567890,"e":1E+2,"s":"\\u0041\\u0000\\/"}]';
    const message = messageJson(
      { seq: 1 },
      `{"parts":${parts},"role":"tool","metadata":{"b":-0,"a":1.50}}`,
      AT,
    );
    expect(message).toContain(`"parts":${parts}`);
    expect(message).toContain('"metadata":{"b":-0,"a":1.50}');
  });

  it('ignores strings and nested objects that look like fields of the event', () => {
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

  it('replaces the parts of the event with the given parts', () => {
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
