import { describe, expect, it } from '@jest/globals';
import { eventMessage, reducedMessage, summaryMessages } from './window-message.js';

const AT = new Date('2026-01-01T00:00:00.000Z');

function storedEvent(seq: number, body: string) {
  return {
    seq,
    version: seq,
    body,
    tokenEstimate: seq,
    partTokens: null,
    outline: null,
    insertedAt: AT,
    tokensThrough: 5,
  };
}

describe('eventMessage', () => {
  it('copies the text of each field from the event unchanged', () => {
    const body =
      '{"metadata":{"a":1.0},"role":"user","other":0,"parts":[{"type":"text","n":1e2}],"id":"é\\u00e9"}';
    expect(eventMessage(storedEvent(7, body), 5).json).toBe(
      '{"seq":7,"metadata":{"a":1.0},"role":"user","other":0,"parts":[{"type":"text","n":1e2}],"id":"é\\u00e9",' +
        '"inserted_at":"2026-01-01T00:00:00.000Z"}',
    );
  });

  it('contains only the parts that the policy kept, with unchanged text', () => {
    const body =
      '{"role":"user","parts":[{"type":"text","n":1.0},{"type":"tool_result"},{"type":"text","n":1e2}]}';
    expect(reducedMessage(storedEvent(7, body), 5, { parts: [0, 2], removedFields: [] }, [1, 1]).json).toBe(
      '{"seq":7,"role":"user","parts":[{"type":"text","n":1.0},{"type":"text","n":1e2}],' +
        '"inserted_at":"2026-01-01T00:00:00.000Z"}',
    );
  });

  it('returns a message whose fields can be read as an object', () => {
    const body =
      '{"metadata":{"a":1.0},"role":"user","other":0,"parts":[{"type":"image"},{"type":"text"}],"id":"x"}';
    const message = reducedMessage(storedEvent(7, body), 5, { parts: [1], removedFields: ['other'] }, [1]);
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

  it('omits id and metadata if the event has none', () => {
    const { id, metadata } = eventMessage(storedEvent(7, '{"role":"user","parts":[],"id":null}'), 5);
    expect([id, metadata]).toEqual([undefined, undefined]);
  });

  it('reuses the text, but not the parsed object, of an earlier message of the same event', () => {
    const event = storedEvent(7, '{"role":"user","parts":[{"type":"text"}]}');
    const [first, second] = [eventMessage(event, 5), eventMessage(event, 5)];
    expect(second.json).toBe(first.json);
    expect(second.parts).not.toBe(first.parts);
    expect(first.parts).toBe(first.parts);
  });
});

describe('summaryMessages', () => {
  it('returns messages with the summarized range and their own token counts', () => {
    const compaction = {
      version: 9,
      fromSeq: 3,
      toSeq: 5,
      withdrawn: false,
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
