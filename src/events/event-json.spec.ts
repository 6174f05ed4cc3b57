import { describe, expect, it } from '@jest/globals';
import { loggedEventJson, messageJson, streamedEventJson, summaryMessageJson } from './event-json.js';

const AT = new Date('2026-01-02T03:04:05.678Z');

describe('loggedEventJson and streamedEventJson', () => {
  const event = {
    seq: 3,
    version: 4,
    body: '{"role":"user","n":1.0,"parts":[{"type":"text","text":"a"}]}',
    tokenEstimate: 5,
    partTokens: null,
    outline: '1',
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
  it('is the text of the event with its seq and time', () => {
    const body =
      '{"z":1.0,"role":"tool","parts":[{"e":1E+2,"s":"\\u0041\\/"}],"tool_call_id":"a","id":null,"token_count":5}';
    expect(messageJson(3, body, AT)).toBe(
      `{"seq":3,${body.slice(1, -1)},"inserted_at":"2026-01-02T03:04:05.678Z"}`,
    );
  });
});

describe('summaryMessageJson', () => {
  it('adds the range of the summary, whatever the message has', () => {
    const body = '{"to_seq":1,"role":"user","parts":[{"n":1.0}],"from_seq":2}';
    expect(summaryMessageJson({ fromSeq: 3, toSeq: 9 }, body, AT)).toBe(
      '{"seq":3,"from_seq":3,"to_seq":9,"role":"user","parts":[{"n":1.0}],"inserted_at":"2026-01-02T03:04:05.678Z"}',
    );
  });
});

describe('messageJson', () => {
  it('writes the time of each event, whether it is that of the event before or not', () => {
    const times = [0, 1, 1, 0].map((ms) => new Date(Date.UTC(2026, 0, 2) + ms));
    expect(times.map((time) => messageJson(7, '{"role":"user"}', time))).toEqual(
      times.map((time) => `{"seq":7,"role":"user","inserted_at":"${time.toISOString()}"}`),
    );
  });
});
