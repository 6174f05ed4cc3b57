import { optionalInteger, requireInteger } from '../arguments.js';
import type { RemoteConversation } from './remote-conversation.js';
import { InvalidRequestError } from '../errors.js';
import type { CompactResult, RangeCompaction, Segment, WholeCompaction } from '../types.js';
import type { WireCompacted } from '../wire/types.js';
import { toWireEvent } from '../wire/events.js';

/** Compacts a range, or all there is. */
export function compact(
  conversation: RemoteConversation,
  compaction: RangeCompaction | WholeCompaction,
): Promise<CompactResult> {
  optionalInteger('ifVersion', compaction.ifVersion, 0);
  return 'messages' in compaction
    ? compactWhole(conversation, compaction)
    : compactRange(conversation, compaction);
}

/** The range as the service wants it: ending with a summary's `seq` means ending with all of that summary. */
export function wholeSummaries<Range extends { toSeq: number }>(range: Range, segments: Segment[]): Range {
  const last = segments.find(({ type, fromSeq }) => type === 'summary' && fromSeq === range.toSeq);
  return last ? { ...range, toSeq: last.toSeq } : range;
}

async function compactRange(
  conversation: RemoteConversation,
  compaction: RangeCompaction,
): Promise<CompactResult> {
  requireInteger('fromSeq', compaction.fromSeq, 1);
  requireInteger('toSeq', compaction.toSeq, 1);
  try {
    return await post(conversation, compaction);
  } catch (error) {
    // Asked for only now: as a rule the range is fine, and the window would be read for nothing.
    if (!(error instanceof InvalidRequestError && error.reason === 'range_overlap')) throw error;
    const { segments, version } = await conversation.window();
    const range = wholeSummaries(compaction, segments);
    if (range.toSeq === compaction.toSeq) throw error;
    return post(conversation, { ...range, ifVersion: compaction.ifVersion ?? version });
  }
}

/**
 * From seq 1, not from where the window begins: what a policy has trimmed before it would come back, since the summary does not
 * count for its limit.
 */
async function compactWhole(
  conversation: RemoteConversation,
  { messages, ifVersion }: WholeCompaction,
): Promise<CompactResult> {
  const { lastSeq, version } = await conversation.get();
  if (lastSeq === 0) {
    throw new InvalidRequestError(
      `There is nothing to compact in "${conversation.id}" yet; append the messages`,
      { code: 'invalid_payload', reason: 'range_gap' },
    );
  }
  return post(conversation, {
    fromSeq: 1,
    toSeq: lastSeq,
    replacement: messages,
    ifVersion: ifVersion ?? version,
  });
}

async function post(
  conversation: RemoteConversation,
  { fromSeq, toSeq, replacement, ifVersion }: RangeCompaction,
): Promise<CompactResult> {
  const answer = await conversation.request({
    method: 'POST',
    path: '/compact',
    body: {
      from_seq: fromSeq,
      to_seq: toSeq,
      replacement: replacement.map(toWireEvent),
      if_version: ifVersion,
    },
    // Without a key the service cannot tell a repeat: with a guard it would be refused, without one be a second version.
    repeatable: 'unprocessed',
  });
  return { version: (answer as WireCompacted).version };
}
