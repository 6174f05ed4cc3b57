import { hash as hashOf } from 'node:crypto';
import { isUnstored, type Compaction } from '../compaction/compaction.js';
import type { LiveGroup } from './live-group.js';
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
  { messages, pins, summaries, run, repaired }: WindowContent,
  hasOverflow: boolean,
  compactions: readonly Compaction[],
  live: LiveRanges,
): WindowPrefix {
  const { repairs } = repaired;
  const startSeq = firstOfRun(repaired.messages, run, live) ?? live.lastSeq + 1;
  const compactionVersion = compactions.reduce((newest, { version }) => Math.max(newest, version), 0);
  // The version of a compaction identifies its range and its messages, except in a preview.
  const active = compactions.map((compaction) =>
    isUnstored(compaction)
      ? [compaction.fromSeq, compaction.toSeq, compaction.summary.messages]
      : compaction.version,
  );
  const kept = summaries.map(({ compaction }) => compaction.version);
  const pinnedMessages = pins.flatMap((group) => group.messages ?? []);
  // A pinned result that a compaction covers may bring back its call from before it.
  const lastCompacted = Math.max(0, ...compactions.map(({ toSeq }) => toSeq));
  const pinned = pinnedMessages.flatMap(({ seq }) => (seq < startSeq || seq <= lastCompacted ? [seq] : []));
  const changed = messages.flatMap(({ isReduced, seq, json }) => (isReduced ? [[seq, json]] : []));
  const missing = gapsOf(run, live);
  // Without overflow, the run ends with the log. A group that grows beyond the budget shortens the run.
  const endSeq = hasOverflow ? run.at(-1)?.toSeq : undefined;
  const changes = { pinned, changed, missing, repairs, endSeq };
  const hash = digest([settings, startSeq, active, kept, changes]);
  return { hash, startSeq, compactionVersion, settings };
}

/** The seq of the first returned event that is not pinned. */
function firstOfRun(
  messages: readonly WindowMessage[],
  run: readonly LiveGroup[],
  live: LiveRanges,
): number | undefined {
  const fromSeq = run[0]?.fromSeq;
  if (fromSeq === undefined) return undefined;
  const isOfRun = ({ seq, summarizedRange }: WindowMessage) =>
    seq >= fromSeq && !summarizedRange && live.includes(seq);
  return messages.find(isOfRun)?.seq;
}

/** The live events that the policy removed between those of the run, as ranges of positions. */
function gapsOf(run: readonly LiveGroup[], live: LiveRanges): [number, number][] {
  const [first, last] = [run[0], run.at(-1)];
  if (!first || !last) return [];
  const count = run.reduce((sum, { messages }) => sum + (messages?.length ?? 0), 0);
  if (last.toSeq - first.fromSeq + 1 === count) return [];
  const gaps: [number, number][] = [];
  let expected = live.positionOf(first.fromSeq);
  for (const { seq } of run.flatMap(({ messages }) => messages ?? [])) {
    const position = live.positionOf(seq);
    if (position > expected) gaps.push([expected, position - 1]);
    expected = position + 1;
  }
  return gaps;
}

function digest(values: readonly unknown[]): string {
  return hashOf('sha256', JSON.stringify(values), 'base64url').slice(0, 22);
}
