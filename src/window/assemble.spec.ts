import { describe, expect, it } from '@jest/globals';
import type { SeqRange } from '../events/stored-event.js';
import { assemble } from './assemble.js';
import { eventMessage, type WindowMessage } from './window-message.js';

const AT = new Date('2026-01-01T00:00:00.000Z');
const CALL = { role: 'assistant', parts: [{ type: 'tool_call' }] };
const RESULT = { role: 'user', parts: [{ type: 'tool_result' }] };
const TEXT = { role: 'user', parts: [{ type: 'text' }] };

function message(seq: number, event: object = TEXT, partIndexes?: number[]): WindowMessage {
  const body = JSON.stringify(event);
  const stored = { seq, version: seq, body, tokenEstimate: seq, partTokens: null, insertedAt: AT };
  return eventMessage(stored, seq, partIndexes);
}

function summary(fromSeq: number, toSeq: number, ...texts: string[]) {
  const compaction = { version: 99, fromSeq, toSeq, tokenEstimate: 3, tokensBefore: 0, tokensThrough: 9 };
  const messages = texts.map((text) => JSON.stringify({ role: 'system', parts: [{ type: 'text', text }] }));
  return {
    compaction,
    summary: { version: 99, messages, messageTokens: texts.map((_, index) => index + 1), insertedAt: AT },
  };
}

/** The segments of a window, written like `live 3-5`. */
function outline(
  summaries: ReturnType<typeof summary>[],
  ranges: SeqRange[],
  messages: WindowMessage[],
): string[] {
  return assemble(summaries, ranges, messages).map(
    ({ type, fromSeq, toSeq }) => `${type} ${fromSeq}-${toSeq}`,
  );
}

describe('assemble', () => {
  it('returns no segments for an empty log', () => {
    expect(assemble([], [], [])).toEqual([]);
  });

  it('orders summaries and live segments by seq', () => {
    const ranges = [
      { fromSeq: 1, toSeq: 2 },
      { fromSeq: 6, toSeq: 9 },
    ];
    const messages = [1, 2, 6, 7, 8, 9].map((seq) => message(seq));
    expect(outline([summary(3, 5, 'a'), summary(10, 12, 'b')], ranges, messages)).toEqual([
      'live 1-2',
      'summary 3-5',
      'live 6-9',
      'summary 10-12',
    ]);
  });

  it('separates live events at a compaction between them, even if its summary was cut', () => {
    const ranges = [
      { fromSeq: 1, toSeq: 2 },
      { fromSeq: 6, toSeq: 9 },
    ];
    expect(outline([], ranges, [message(2), message(6)])).toEqual(['live 2-2', 'live 6-6']);
  });

  it('puts events of one range into one segment, even if the policy dropped events between them', () => {
    expect(outline([], [{ fromSeq: 1, toSeq: 9 }], [message(2), message(5), message(9)])).toEqual([
      'live 2-9',
    ]);
  });

  it('omits the segment of a range without selected events', () => {
    const ranges = [1, 4, 7].map((fromSeq) => ({ fromSeq, toSeq: fromSeq }));
    expect(outline([summary(2, 3, 'a')], ranges, [message(7)])).toEqual(['summary 2-3', 'live 7-7']);
  });

  it('drops tool results at the start of a range, because their calls are missing', () => {
    const range = [{ fromSeq: 1, toSeq: 9 }];
    const fromTool = { role: 'tool', parts: [{ type: 'text' }] };
    const aiSdk = { role: 'assistant', parts: [{ type: 'tool-result' }, { type: 'tool_result' }] };
    expect(
      outline([], range, [message(2, RESULT), message(3, fromTool), message(4, aiSdk), message(5)]),
    ).toEqual(['live 5-5']);
    expect(outline([], range, [message(2, CALL), message(3, RESULT)])).toEqual(['live 2-3']);
  });

  it('keeps an event at the start if it has other parts than tool results', () => {
    const mixed = { role: 'user', parts: [{ type: 'tool_result' }, { type: 'text' }] };
    expect(outline([], [{ fromSeq: 1, toSeq: 9 }], [message(2, mixed)])).toEqual(['live 2-2']);
  });

  it('looks for tool results in the parts that the policy kept, not in the stored parts', () => {
    const mixed = { role: 'user', parts: [{ type: 'tool_result' }, { type: 'text' }] };
    expect(outline([], [{ fromSeq: 1, toSeq: 9 }], [message(2, mixed, [0]), message(3)])).toEqual([
      'live 3-3',
    ]);
  });

  it('keeps tool results at the start of a segment that begins at seq 1', () => {
    expect(outline([], [{ fromSeq: 1, toSeq: 9 }], [message(1, RESULT), message(2, RESULT)])).toEqual([
      'live 1-2',
    ]);
  });

  it('omits the segment of a range with only orphaned tool results, and keeps the other segments', () => {
    const ranges = [
      { fromSeq: 1, toSeq: 3 },
      { fromSeq: 6, toSeq: 9 },
    ];
    const messages = [message(2), message(3, RESULT), message(6, RESULT), message(7, RESULT)];
    expect(outline([summary(4, 5, 'a')], ranges, messages)).toEqual(['live 2-3', 'summary 4-5']);
  });
});
