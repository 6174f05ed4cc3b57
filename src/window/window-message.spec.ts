import { describe, expect, it } from '@jest/globals';
import { eventMessage, summaryMessages } from './window-message.js';

const AT = new Date('2026-01-01T00:00:00.000Z');

function storedEvent(seq: number, body: string) {
  return { seq, version: seq, body, tokenEstimate: seq, partTokens: null, insertedAt: AT };
}

describe('the message of an event', () => {
  it('is spliced from the text of the event, byte by byte', () => {
    const body =
      '{"metadata":{"a":1.0},"role":"user","other":0,"parts":[{"type":"text","n":1e2}],"id":"é\\u00e9"}';
    expect(eventMessage(storedEvent(7, body), 5).json).toBe(
      '{"seq":7,"role":"user","parts":[{"type":"text","n":1e2}],"id":"é\\u00e9","metadata":{"a":1.0},' +
        '"inserted_at":"2026-01-01T00:00:00.000Z"}',
    );
  });

  it('has only the parts that the policy kept, each spelled as it was sent', () => {
    const body =
      '{"role":"user","parts":[{"type":"text","n":1.0},{"type":"tool_result"},{"type":"text","n":1e2}]}';
    expect(eventMessage(storedEvent(7, body), 5, [0, 2]).json).toBe(
      '{"seq":7,"role":"user","parts":[{"type":"text","n":1.0},{"type":"text","n":1e2}],' +
        '"inserted_at":"2026-01-01T00:00:00.000Z"}',
    );
  });

  it('can be read as an object', () => {
    const body =
      '{"metadata":{"a":1.0},"role":"user","other":0,"parts":[{"type":"image"},{"type":"text"}],"id":"x"}';
    const message = eventMessage(storedEvent(7, body), 5, [1]);
    const { seq, tokens, role, parts, id, metadata, insertedAt, summarizedRange } = message;
    expect({ seq, tokens, role, parts, id, metadata, insertedAt, summarizedRange }).toEqual({
      seq: 7,
      tokens: 5,
      role: 'user',
      parts: [{ type: 'text' }],
      id: 'x',
      metadata: { a: 1 },
      insertedAt: AT,
      summarizedRange: undefined,
    });
  });

  it('has neither id nor metadata if the event has none', () => {
    const { id, metadata } = eventMessage(storedEvent(7, '{"role":"user","parts":[],"id":null}'), 5);
    expect([id, metadata]).toEqual([undefined, undefined]);
  });

  it('shares its text, but not the parsed object, with other messages of the same whole event', () => {
    const event = storedEvent(7, '{"role":"user","parts":[{"type":"text"}]}');
    const [first, second] = [eventMessage(event, 5), eventMessage(event, 5)];
    expect(second.json).toBe(first.json);
    expect(second.parts).not.toBe(first.parts);
    expect(first.parts).toBe(first.parts);
  });
});

describe('the messages of a summary', () => {
  it('have the range that they stand for and their own tokens', () => {
    const compaction = {
      version: 9,
      fromSeq: 3,
      toSeq: 5,
      tokenEstimate: 3,
      tokensBefore: 0,
      tokensThrough: 9,
    };
    const texts = ['a', 'b'];
    const bodies = texts.map((text) => JSON.stringify({ role: 'system', parts: [{ type: 'text', text }] }));
    const summary = { version: 9, messages: bodies, messageTokens: [1, 2], insertedAt: AT };
    const messages = summaryMessages(compaction, summary);
    expect(messages.map(({ tokens }) => tokens)).toEqual([1, 2]);
    expect(messages.map(({ summarizedRange }) => summarizedRange)).toEqual([
      { fromSeq: 3, toSeq: 5 },
      { fromSeq: 3, toSeq: 5 },
    ]);
    expect(messages.map(({ json }) => JSON.parse(json) as unknown)).toEqual(
      texts.map((text) => ({
        seq: 3,
        from_seq: 3,
        to_seq: 5,
        role: 'system',
        parts: [{ type: 'text', text }],
        inserted_at: AT.toISOString(),
      })),
    );
  });
});
