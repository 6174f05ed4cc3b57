import { describe, expect, it } from '@jest/globals';
import type { SeqRange } from '../events/stored-event.js';
import { assemble, type LivePiece } from './assemble.js';

const AT = new Date('2026-01-01T00:00:00.000Z');
const CALL = { role: 'assistant', parts: [{ type: 'tool_call' }] };
const RESULT = { role: 'user', parts: [{ type: 'tool_result' }] };
const TEXT = { role: 'user', parts: [{ type: 'text' }] };

function piece(seq: number, event: unknown = TEXT, places?: number[]): LivePiece {
  const body = typeof event === 'string' ? event : JSON.stringify(event);
  const stored = { seq, version: seq, body, tokenEstimate: seq, partTokens: null, insertedAt: AT };
  return { stored, tokens: seq, ...(places && { places }) };
}

function summary(fromSeq: number, toSeq: number, ...texts: string[]) {
  const compaction = { version: 99, fromSeq, toSeq, tokenEstimate: 3, tokensBefore: 0, tokensThrough: 9 };
  const messages = texts.map((text) => JSON.stringify({ role: 'system', parts: [{ type: 'text', text }] }));
  return {
    compaction,
    summary: { version: 99, messages, messageTokens: texts.map((_, index) => index + 1), insertedAt: AT },
  };
}

/** `live 3-5` and the like, of the segments of a window. */
function outline(summaries: ReturnType<typeof summary>[], ranges: SeqRange[], pieces: LivePiece[]): string[] {
  return assemble(summaries, ranges, pieces).map(({ type, fromSeq, toSeq }) => `${type} ${fromSeq}-${toSeq}`);
}

function messages(...pieces: LivePiece[]): string[] {
  return assemble([], [{ fromSeq: 1, toSeq: 100 }], pieces).flatMap((run) =>
    run.messages.map(({ json }) => json),
  );
}

describe('assemble', () => {
  it('makes nothing of nothing', () => {
    expect(assemble([], [], [])).toEqual([]);
  });

  it('puts summaries and live runs in the order of their seqs', () => {
    const ranges = [
      { fromSeq: 1, toSeq: 2 },
      { fromSeq: 6, toSeq: 9 },
    ];
    const pieces = [1, 2, 6, 7, 8, 9].map((seq) => piece(seq));
    expect(outline([summary(3, 5, 'a'), summary(10, 12, 'b')], ranges, pieces)).toEqual([
      'live 1-2',
      'summary 3-5',
      'live 6-9',
      'summary 10-12',
    ]);
  });

  it('parts live events where a compaction lies between, though its summary was cut', () => {
    const ranges = [
      { fromSeq: 1, toSeq: 2 },
      { fromSeq: 6, toSeq: 9 },
    ];
    expect(outline([], ranges, [piece(2), piece(6)])).toEqual(['live 2-2', 'live 6-6']);
  });

  it('keeps events of one run together, though the policy left some out between', () => {
    expect(outline([], [{ fromSeq: 1, toSeq: 9 }], [piece(2), piece(5), piece(9)])).toEqual(['live 2-9']);
  });

  it('has no segment of a run that nothing was selected of', () => {
    const ranges = [1, 4, 7].map((fromSeq) => ({ fromSeq, toSeq: fromSeq }));
    expect(outline([summary(2, 3, 'a')], ranges, [piece(7)])).toEqual(['summary 2-3', 'live 7-7']);
  });

  it('leaves out tool results at the start of a run, whose call is not there', () => {
    const run = [{ fromSeq: 1, toSeq: 9 }];
    const toolSays = { role: 'tool', parts: [{ type: 'text' }] };
    const aiSdk = { role: 'assistant', parts: [{ type: 'tool-result' }, { type: 'tool_result' }] };
    expect(outline([], run, [piece(2, RESULT), piece(3, toolSays), piece(4, aiSdk), piece(5)])).toEqual([
      'live 5-5',
    ]);
    expect(outline([], run, [piece(2, CALL), piece(3, RESULT)])).toEqual(['live 2-3']);
  });

  it('keeps an event at the start that has more than tool results', () => {
    const mixed = { role: 'user', parts: [{ type: 'tool_result' }, { type: 'text' }] };
    expect(outline([], [{ fromSeq: 1, toSeq: 9 }], [piece(2, mixed)])).toEqual(['live 2-2']);
  });

  it('looks at the parts that are left, not at those that were', () => {
    const mixed = { role: 'user', parts: [{ type: 'tool_result' }, { type: 'text' }] };
    expect(outline([], [{ fromSeq: 1, toSeq: 9 }], [piece(2, mixed, [0]), piece(3)])).toEqual(['live 3-3']);
  });

  it('keeps what seq 1 begins, tool result or not', () => {
    expect(outline([], [{ fromSeq: 1, toSeq: 9 }], [piece(1, RESULT), piece(2, RESULT)])).toEqual([
      'live 1-2',
    ]);
  });

  it('has no segment of a run of orphans, and leaves the other runs theirs', () => {
    const ranges = [
      { fromSeq: 1, toSeq: 3 },
      { fromSeq: 6, toSeq: 9 },
    ];
    const pieces = [piece(2), piece(3, RESULT), piece(6, RESULT), piece(7, RESULT)];
    expect(outline([summary(4, 5, 'a')], ranges, pieces)).toEqual(['live 2-3', 'summary 4-5']);
  });

  it('writes a message from the text of its event, byte by byte', () => {
    const body =
      '{"metadata":{"a":1.0},"role":"user","other":0,"parts":[{"type":"text","n":1e2}],"id":"é\\u00e9"}';
    expect(messages(piece(7, body))).toEqual([
      '{"seq":7,"role":"user","parts":[{"type":"text","n":1e2}],"id":"é\\u00e9","metadata":{"a":1.0},' +
        '"inserted_at":"2026-01-01T00:00:00.000Z"}',
    ]);
  });

  it('writes of the parts only those that are left, each as it was sent', () => {
    const body =
      '{"role":"user","parts":[{"type":"text","n":1.0},{"type":"tool_result"},{"type":"text","n":1e2}]}';
    expect(messages(piece(7, body, [0, 2]))).toEqual([
      '{"seq":7,"role":"user","parts":[{"type":"text","n":1.0},{"type":"text","n":1e2}],' +
        '"inserted_at":"2026-01-01T00:00:00.000Z"}',
    ]);
  });

  it('gives each message of a summary the range it stands for, and what it costs', () => {
    const [segment] = assemble([summary(3, 5, 'a', 'b')], [], []);
    expect(segment?.messages.map(({ tokens }) => tokens)).toEqual([1, 2]);
    expect(segment?.messages.map(({ json }) => JSON.parse(json) as unknown)).toEqual(
      ['a', 'b'].map((text) => ({
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
