import { optionalInteger } from '../arguments.js';
import { InvalidRequestError } from '../errors.js';
import type { CompactResult, RangeCompaction, Segment, WholeCompaction } from '../types.js';
import { toWireRange, warningsField } from '../wire/compactions.js';
import type { WireCompacted } from '../wire/types.js';
import type { RemoteConversation } from '../http/remote-conversation.js';

/** Compacts a range or the whole conversation. */
export function compact(
  conversation: RemoteConversation,
  compaction: RangeCompaction | WholeCompaction,
): Promise<CompactResult> {
  optionalInteger('ifVersion', compaction.ifVersion, 0);
  return 'messages' in compaction
    ? compactWhole(conversation, compaction)
    : compactRange(conversation, compaction);
}

/** Extends a range that ends with the `seq` of a summary to the end of that summary, because the service compacts only whole summaries. */
export function includeWholeSummary<Range extends { toSeq: number }>(
  range: Range,
  segments: Segment[],
): Range {
  const lastSummary = segments.find(({ type, fromSeq }) => type === 'summary' && fromSeq === range.toSeq);
  return lastSummary ? { ...range, toSeq: lastSummary.toSeq } : range;
}

function compactRange(conversation: RemoteConversation, compaction: RangeCompaction): Promise<CompactResult> {
  return withWholeSummary(conversation, compaction, (range) => post(conversation, range));
}

/** Sends a range, and sends it again with the whole of the summary that it ends with, if there is one. */
export async function withWholeSummary<
  Range extends { toSeq?: number | undefined; ifVersion?: number | undefined },
>(
  conversation: RemoteConversation,
  range: Range,
  send: (range: Range) => Promise<CompactResult>,
): Promise<CompactResult> {
  try {
    return await send(range);
  } catch (error) {
    // Most ranges end with an event, so the window is read only after this error.
    const isOverlap = error instanceof InvalidRequestError && error.reason === 'range_overlap';
    if (!isOverlap || range.toSeq === undefined) throw error;
    const { segments, version } = await conversation.window({});
    const { toSeq } = includeWholeSummary({ toSeq: range.toSeq }, segments);
    if (toSeq === range.toSeq) throw error;
    return send({ ...range, toSeq, ifVersion: range.ifVersion ?? version });
  }
}

/**
 * Compacts from seq 1, not from the first message of the window. Otherwise events that the policy had removed would return, because
 * the new summary does not count towards the limit of the policy.
 *
 * @param fromSeq replaced instead of seq 1; the events before it stay
 */
export async function compactWhole(
  conversation: RemoteConversation,
  { messages, ifVersion }: WholeCompaction,
  fromSeq = 1,
): Promise<CompactResult> {
  const { lastSeq, version } = await conversation.get();
  if (lastSeq === 0) {
    throw new InvalidRequestError(
      `Conversation "${conversation.id}" is empty, so there is nothing to compact; append the messages`,
      { code: 'invalid_payload', reason: 'range_gap' },
    );
  }
  return post(conversation, {
    fromSeq,
    toSeq: lastSeq,
    replacement: messages,
    ifVersion: ifVersion ?? version,
  });
}

function post(
  conversation: RemoteConversation,
  { ifVersion, ...compaction }: RangeCompaction,
): Promise<CompactResult> {
  const body = { ...toWireRange(compaction), if_version: ifVersion };
  return sendCompaction(conversation, '/compact', body);
}

export async function sendCompaction(
  conversation: RemoteConversation,
  path: '/compact' | '/withdraw',
  body: Record<string, unknown>,
): Promise<CompactResult> {
  const compacted = (await conversation.request({
    method: 'POST',
    path,
    body,
    // A compaction has no idempotency key: a repeat would fail with `if_version`, and add a second version without it.
    retryable: 'unprocessed',
  })) as WireCompacted;
  const { version, from_seq, to_seq, warnings } = compacted;
  return { version, fromSeq: from_seq, toSeq: to_seq, ...warningsField(warnings) };
}
