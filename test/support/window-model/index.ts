import { fit, type Overflow } from './fit.js';
import { tokensOfAll, type ModelEvent } from './item.js';
import { placed, segmentsOf, type Message, type Segment } from './place.js';
import { selectGroups } from './policies.js';
import { prefixOf, type Prefix } from './prefix.js';
import { repair, type Repair } from './repair.js';
import { timelineOf, type ModelCompaction } from './timeline.js';

export { isPrefix } from './prefix.js';
export { messageTokens, tokensOf } from './tokens.js';
export type { ModelCompaction, ModelEvent };

export interface ModelWindow {
  messages: any[];
  used_tokens: number;
  needs_compaction: boolean;
  segments: Segment[];
  budget_tokens: number;
  repairs: Repair[];
  prefix: Prefix;
  overflow?: Overflow;
}

/** The settings of a conversation. `triggerRatio` and `config.trim_ratio` have at most three decimals. */
export interface ModelConversation {
  tokenBudget: number;
  triggerRatio: number;
  strategy: string;
  config: any;
  reserveTokens?: number;
}

/**
 * The window as the specification defines it, computed from all events and all compactions, without any cache. Messages of
 * summaries have no `inserted_at`, because the test does not know their time. The model knows our own dialect (`tool_call`,
 * `tool_result`), `tool-result` of the AI SDK, and messages of the role `tool`.
 */
export function modelWindow(
  log: readonly ModelEvent[],
  compactions: readonly ModelCompaction[],
  { tokenBudget, triggerRatio, strategy, config, reserveTokens = 0 }: ModelConversation,
  { budgetTokens = Infinity, now = new Date() }: { budgetTokens?: number; now?: Date } = {},
): ModelWindow {
  const budget = Math.min(tokenBudget, config.max_tokens ?? Infinity, budgetTokens);
  const effective = Math.max(0, budget - reserveTokens);
  const timeline = timelineOf(log, compactions, config.pin_head ?? true);
  const groups = selectGroups(timeline.live, strategy, config, now);
  const { overflow, ...content } = fit(timeline, groups, {
    effective,
    trimRatio: config.trim_ratio ?? 0.75,
    placeholder: config.placeholder,
  });
  const { messages, repairs } = repair(placed(content, timeline));
  const snapshotTokens =
    tokensOfAll(timeline.pins.flat()) + tokensOfAll(timeline.summaries) + tokensOfAll(groups.selected.flat());
  return {
    messages: messages.map(messageFields),
    used_tokens: tokensOfAll(messages),
    needs_compaction: exceedsRatio(snapshotTokens, triggerRatio, effective),
    segments: segmentsOf(messages, content, timeline),
    budget_tokens: effective,
    repairs,
    prefix: prefixOf(messages, log.length, timeline.summaries),
    ...(overflow && { overflow }),
  };
}

function messageFields({ seq, summary, event, insertedAt }: Message): any {
  const range = summary ? { from_seq: summary.fromSeq, to_seq: summary.toSeq } : {};
  return { seq, ...range, ...event, ...(insertedAt !== undefined && { inserted_at: insertedAt }) };
}

/** tokens > ratio × budget, for ratios of at most three decimals. */
function exceedsRatio(tokens: number, ratio: number, budget: number): boolean {
  return tokens * 1000 > Math.round(ratio * 1000) * budget;
}
