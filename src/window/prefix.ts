import { createHash } from 'node:crypto';
import { isUnstored, type Compaction } from '../compaction/compaction.js';
import type { LiveRanges } from './live-ranges.js';
import type { WindowContent } from './window-fitter.js';
import type { WindowMessage } from './window-message.js';
import type { WindowRequest } from './window-request.js';

/** Identifies the beginning of a window, for the prompt cache of a provider. */
export interface WindowPrefix {
  /** While it is the same, the messages of an earlier window are the first messages of this one. */
  hash: string;
  /** Seq of the first of the newest events; one past the log if the window has none. */
  startSeq: number;
  /** The version of the newest active compaction; 0 without one. */
  compactionVersion: number;
  /** Digest of the policy, the budget and the model. */
  settings: string;
}

export function settingsDigest({ conversation, format }: WindowRequest, effectiveBudget: number): string {
  const { policyStrategy, policyConfig, model, tokenFactor } = conversation;
  return digest([policyStrategy, policyConfig, effectiveBudget, model, tokenFactor, format]);
}

/** Equal hashes mean equal starts, equal summaries and equal changes of events; what follows is appended events only. */
export function windowPrefix(
  settings: string,
  { messages, summaries, run, repaired }: WindowContent,
  hasOverflow: boolean,
  compactions: readonly Compaction[],
  live: LiveRanges,
): WindowPrefix {
  const { repairs } = repaired;
  const isOfRun = ({ seq, summarizedRange }: WindowMessage) => !summarizedRange && live.includes(seq);
  const startSeq = repaired.messages.find(isOfRun)?.seq ?? live.lastSeq + 1;
  const compactionVersion = compactions.reduce((newest, { version }) => Math.max(newest, version), 0);
  // The version of a compaction identifies its messages, except in a preview.
  const versions = summaries.map(({ compaction, summary }) =>
    isUnstored(compaction) ? summary.messages : compaction.version,
  );
  const events = messages.filter(({ summarizedRange }) => !summarizedRange);
  const pinned = events.flatMap(({ seq }) => (seq < startSeq ? [seq] : []));
  const changed = events.flatMap(({ isReduced, seq, json }) => (isReduced ? [[seq, json]] : []));
  const missing = gapsOf(messages.filter(isOfRun), live);
  // Without overflow, the run ends with the log. A group that grows beyond the budget shortens the run.
  const endSeq = hasOverflow ? run.at(-1)?.toSeq : undefined;
  const changes = { pinned, changed, missing, repairs, endSeq };
  const hash = digest([settings, startSeq, compactionVersion, versions, changes]);
  return { hash, startSeq, compactionVersion, settings };
}

/** The live events that the policy removed between those that the window has, as ranges of positions. */
function gapsOf(events: readonly WindowMessage[], live: LiveRanges): [number, number][] {
  const [first, last] = [events[0], events.at(-1)];
  if (!first || !last || last.seq - first.seq + 1 === events.length) return [];
  const gaps: [number, number][] = [];
  let expected = live.positionOf(first.seq);
  for (const { seq } of events) {
    const position = live.positionOf(seq);
    if (position > expected) gaps.push([expected, position - 1]);
    expected = position + 1;
  }
  return gaps;
}

function digest(values: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(values)).digest('base64url').slice(0, 22);
}
