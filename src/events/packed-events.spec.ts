import { describe, expect, it } from '@jest/globals';
import { copiedEvent, unpackEvents } from './packed-events.js';

const AT = new Date('2026-01-02T03:04:05.678Z');

interface Row {
  seq: number;
  version: number;
  tokensThrough: number;
  tokens: number;
  at: Date;
}

/** The numbers as PostgreSQL packs them. */
function packedNumbers(rows: readonly Row[]): Buffer {
  return Buffer.concat(
    rows.map(({ seq, version, tokensThrough, tokens, at }) => {
      const bytes = Buffer.alloc(36);
      const micros = (at.getTime() - Date.UTC(2000, 0, 1)) * 1000;
      [seq, version, tokensThrough, micros].forEach((value, index) =>
        bytes.writeBigInt64BE(BigInt(value), 8 * index),
      );
      bytes.writeInt32BE(tokens, 32);
      return bytes;
    }),
  );
}

const row = (seq: number, others: Partial<Row> = {}): Row => ({
  seq,
  version: seq + 1,
  tokensThrough: 10 * seq,
  tokens: 10,
  at: AT,
  ...others,
});

describe('unpackEvents', () => {
  it('returns the events of a row in its order, with all their fields', () => {
    const events = unpackEvents({
      bodies: '{"role":"user","parts":["ü😀"]}\x1e{"role":"assistant","parts":[1,2]}',
      outlines: '1tu\x1e1p["cx"]',
      partTokens: '\x1e{3,4}',
      numbers: packedNumbers([row(7), row(6, { at: new Date(AT.getTime() + 1) })]),
    });
    expect(events).toEqual([
      {
        seq: 7,
        version: 8,
        body: '{"role":"user","parts":["ü😀"]}',
        tokenEstimate: 10,
        partTokens: null,
        outline: '1tu',
        insertedAt: AT,
        tokensThrough: 70,
      },
      {
        seq: 6,
        version: 7,
        body: '{"role":"assistant","parts":[1,2]}',
        tokenEstimate: 10,
        partTokens: [3, 4],
        outline: '1p["cx"]',
        insertedAt: new Date(AT.getTime() + 1),
        tokensThrough: 60,
      },
    ]);
  });

  it('returns no event if there was none', () => {
    expect(unpackEvents({ bodies: null, outlines: null, partTokens: null, numbers: null })).toEqual([]);
  });

  it('reads null outlines, empty token counts, counters beyond 32 bits and times before 2000', () => {
    const at = new Date('1999-12-31T23:59:59.999Z');
    const seq = 2 ** 52 + 1;
    const [event] = unpackEvents({
      bodies: '{}',
      outlines: '',
      partTokens: '{}',
      numbers: packedNumbers([row(seq, { version: 2 ** 32, tokensThrough: 2 ** 33 + 5, at })]),
    });
    expect(event).toMatchObject({
      seq,
      version: 2 ** 32,
      tokensThrough: 2 ** 33 + 5,
      outline: null,
      partTokens: [],
      insertedAt: at,
    });
  });
});

describe('copiedEvent', () => {
  it('returns an equal event, without the message that the other one shares', () => {
    const [event] = unpackEvents({
      bodies: '{"role":"user","parts":["ü😀"]}',
      outlines: '1tu',
      partTokens: '{1}',
      numbers: packedNumbers([row(1)]),
    });
    const message = { json: '{}', outline: {}, contentForm: undefined, partTokens: null };
    expect(copiedEvent({ ...event!, message: message as never })).toEqual(event);
  });
});
