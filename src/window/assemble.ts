import type { Compaction, Summary } from '../compaction/compaction.js';
import { arrayElements, member, objectMembers } from '../common/json/json-scanner.js';
import { jsonValue } from '../common/json/json-value.js';
import type { SeqRange, StoredEvent } from '../events/stored-event.js';
import { isToolResultMessage } from '../policies/tool-results.js';
import { eventMessageJson, messageJson, type WindowMessage } from './window-message.js';

/** A run of the window, and what it holds. */
export interface Segment {
  type: 'summary' | 'live';
  fromSeq: number;
  toSeq: number;
  messages: WindowMessage[];
}

/** A live event of the window; `places` names the parts that are left, where some are not. */
export interface LivePiece {
  stored: StoredEvent;
  tokens: number;
  places?: readonly number[];
}

/**
 * The segments of a window, in seq order. A live segment that does not begin at seq 1 has lost the tool results at its
 * start: the call they answer is not there.
 *
 * @param ranges the live runs of the log: events of two runs never share a segment
 */
export function assemble(
  summaries: readonly { compaction: Compaction; summary: Summary }[],
  ranges: readonly SeqRange[],
  pieces: readonly LivePiece[],
): Segment[] {
  const live = liveRuns(ranges, pieces)
    .map(withoutOrphans)
    .filter((run) => run.length > 0);
  return [...summaries.map(summarySegment), ...live.map(liveSegment)].sort((a, b) => a.fromSeq - b.fromSeq);
}

function liveRuns(ranges: readonly SeqRange[], pieces: readonly LivePiece[]): LivePiece[][] {
  const runs: LivePiece[][] = [];
  let range = -1;
  for (const piece of pieces) {
    let next = Math.max(range, 0);
    while ((ranges[next]?.toSeq ?? Infinity) < piece.stored.seq) next += 1;
    if (next !== range) runs.push([]);
    range = next;
    runs.at(-1)?.push(piece);
  }
  return runs;
}

function withoutOrphans(run: LivePiece[]): LivePiece[] {
  if (run[0]?.stored.seq === 1) return run;
  const start = run.findIndex((piece) => !isOrphan(piece));
  return start === -1 ? [] : run.slice(start);
}

function isOrphan({ stored, places }: LivePiece): boolean {
  const { role, parts } = jsonValue(stored.body) as { role: string; parts: { type: string }[] };
  return isToolResultMessage({
    role,
    parts: places ? parts.filter((_, place) => places.includes(place)) : parts,
  });
}

function liveSegment(run: LivePiece[]): Segment {
  const messages = run.map(({ stored, tokens, places }) => ({
    json: places
      ? messageJson({ seq: stored.seq }, stored.body, stored.insertedAt, partsText(stored.body, places))
      : eventMessageJson(stored),
    tokens,
  }));
  return { type: 'live', fromSeq: run[0]?.stored.seq ?? 0, toSeq: run.at(-1)?.stored.seq ?? 0, messages };
}

function partsText(body: string, places: readonly number[]): string {
  const parts = arrayElements(member(objectMembers(body), 'parts') ?? '[]');
  return `[${places.map((place) => parts[place]).join(',')}]`;
}

function summarySegment({
  compaction: { fromSeq, toSeq },
  summary,
}: {
  compaction: Compaction;
  summary: Summary;
}): Segment {
  const numbers = { seq: fromSeq, from_seq: fromSeq, to_seq: toSeq };
  const messages = summary.messages.map((body, index) => ({
    json: messageJson(numbers, body, summary.insertedAt),
    tokens: summary.messageTokens[index] ?? 0,
  }));
  return { type: 'summary', fromSeq, toSeq, messages };
}
