import { get_encoding } from 'tiktoken';

const encoding = get_encoding('o200k_base');

/** Tokens of a text, counted by tiktoken itself; special tokens count as text. */
export function tokensOf(text: string): number {
  return encoding.encode_ordinary(text).length;
}

/** spec.md: 3 + tokens(role) + Σ parts; text and reasoning by their text, any other part by its compact JSON. */
export function messageTokens(role: string, parts: any[]): number {
  const ofPart = (part: any): number =>
    (part.type === 'text' || part.type === 'reasoning') && typeof part.text === 'string'
      ? tokensOf(part.text)
      : tokensOf(JSON.stringify(part));
  return parts.reduce<number>((sum, part) => sum + ofPart(part), 3 + tokensOf(role));
}

export interface ModelEvent {
  seq: number;
  event: any;
  insertedAt: string;
}

export interface ModelCompaction {
  version: number;
  fromSeq: number;
  toSeq: number;
  replacement: any[];
}

export interface ModelWindow {
  messages: any[];
  used_tokens: number;
  needs_compaction: boolean;
  segments: { type: string; from_seq: number; to_seq: number }[];
  budget_tokens: number;
}

interface Segment {
  type: 'summary' | 'live';
  fromSeq: number;
  toSeq: number;
  messages: any[];
  tokens: number;
}

/** A live event, with the parts that the policy kept. */
interface Item {
  seq: number;
  position: number;
  role: string;
  parts: any[];
  tokens: number;
  event: any;
  insertedAt: string;
}

/**
 * The window as the specification defines it, computed from all events and all compactions, without any cache. Messages of
 * summaries have no `inserted_at`, because the test does not know their time.
 */
export function modelWindow(
  log: readonly ModelEvent[],
  compactions: readonly ModelCompaction[],
  conversation: { tokenBudget: number; triggerRatio: number; strategy: string; config: any },
  { budgetTokens = Infinity, now = new Date() }: { budgetTokens?: number; now?: Date } = {},
): ModelWindow {
  const active = compactions
    .filter(
      (each) =>
        !compactions.some(
          (later) =>
            later.version > each.version && later.fromSeq <= each.fromSeq && later.toSeq >= each.toSeq,
        ),
    )
    .sort((a, b) => a.fromSeq - b.fromSeq);
  const live: Item[] = log
    .filter(({ seq }) => !active.some(({ fromSeq, toSeq }) => fromSeq <= seq && seq <= toSeq))
    .map(({ seq, event, insertedAt }, index) => {
      const parts = event.parts ?? [{ type: 'text', text: event.content }];
      const tokens = event.token_count ?? messageTokens(event.role, parts);
      return { seq, position: index + 1, role: event.role, parts, tokens, event, insertedAt };
    });

  const selected = select(live, conversation.strategy, conversation.config, now);
  const budget = Math.min(conversation.tokenBudget, conversation.config.max_tokens ?? Infinity, budgetTokens);
  const summaries = active.map((each) => ({ ...each, tokens: sum(each.replacement.map(replacementTokens)) }));
  const snapshotTokens =
    sum(summaries.map(({ tokens }) => tokens)) + sum(selected.map(({ tokens }) => tokens));

  const fittingSummaries = newestThatFit(summaries, budget);
  const fittingEvents = newestThatFit(selected, budget - sum(fittingSummaries.map(({ tokens }) => tokens)));

  const segments = [
    ...fittingSummaries.map(summarySegment),
    ...separateAt(active, fittingEvents).map(withoutOrphanedResults).flatMap(liveSegment),
  ];
  segments.sort((a, b) => a.fromSeq - b.fromSeq);
  return {
    messages: segments.flatMap(({ messages }) => messages),
    used_tokens: sum(segments.map(({ tokens }) => tokens)),
    needs_compaction: overRatio(snapshotTokens, conversation.triggerRatio, budget),
    segments: segments.map(({ type, fromSeq, toSeq }) => ({ type, from_seq: fromSeq, to_seq: toSeq })),
    budget_tokens: budget,
  };
}

function summarySegment({
  fromSeq,
  toSeq,
  replacement,
  tokens,
}: ModelCompaction & { tokens: number }): Segment {
  const messages = replacement.map((event) => ({
    seq: fromSeq,
    from_seq: fromSeq,
    to_seq: toSeq,
    ...messageFields(event),
  }));
  return { type: 'summary', fromSeq, toSeq, messages, tokens };
}

/** Groups live events. Two events are in different groups if a compaction is between them. */
function separateAt(compactions: ModelCompaction[], items: Item[]): Item[][] {
  const groups: Item[][] = [];
  for (const item of items) {
    const previous = groups.at(-1)?.at(-1);
    if (!previous || compactions.some(({ fromSeq }) => previous.seq < fromSeq && fromSeq < item.seq))
      groups.push([item]);
    else groups.at(-1)?.push(item);
  }
  return groups;
}

function withoutOrphanedResults(items: Item[]): Item[] {
  let remaining = items;
  if (items[0]?.seq !== 1) while (remaining[0] && isToolResult(remaining[0])) remaining = remaining.slice(1);
  return remaining;
}

/** One segment, or none if there are no items. */
function liveSegment(items: Item[]): Segment[] {
  const [first, last] = [items[0], items.at(-1)];
  if (!first || !last) return [];
  const messages = items.map(({ seq, event, parts, insertedAt }) => ({
    seq,
    ...messageFields({ ...event, parts }),
    inserted_at: insertedAt,
  }));
  const tokens = sum(items.map((item) => item.tokens));
  return [{ type: 'live', fromSeq: first.seq, toSeq: last.seq, messages, tokens }];
}

/** The events that a policy may read: drops the oldest 512 events repeatedly until at most 4,096 remain. */
function scanned(live: Item[]): Item[] {
  let remaining = live;
  while (remaining.length > 4096) remaining = remaining.slice(512);
  return remaining;
}

function select(live: Item[], strategy: string, config: any, now: Date): Item[] {
  const limit = config.limit ?? 200;
  const trimTo = config.trim_to ?? limit;
  switch (strategy) {
    case 'budget':
    case 'manual':
      return live;
    case 'last_n':
      return trim(live, live.length, limit, trimTo);
    case 'strip_tool_results':
      return trim(
        without(scanned(live), (type) => type === 'tool_result' || type === 'tool-result'),
        live.length,
        limit,
        trimTo,
      );
    case 'skip_parts': {
      const kinds: string[] = config.kinds ?? ['tool*', 'reasoning'];
      const dropped = (type: string): boolean =>
        kinds.some((kind) => (kind.endsWith('*') ? type.startsWith(kind.slice(0, -1)) : type === kind));
      return trim(without(scanned(live), dropped), live.length, limit, trimTo);
    }
    case 'time_window': {
      const oldest = now.getTime() - config.max_age_seconds * 1000;
      const minEvents = config.min_events ?? 0;
      return live.filter(
        (item, index) => new Date(item.insertedAt).getTime() >= oldest || index >= live.length - minEvents,
      );
    }
    default:
      throw new Error(`no model of ${strategy}`);
  }
}

/** Removes parts, and drops events left empty. */
function without(items: Item[], dropped: (type: string) => boolean): Item[] {
  return items.flatMap((item) => {
    const parts = item.parts.filter(({ type }) => !dropped(type));
    if (parts.length === 0) return [];
    return [
      parts.length === item.parts.length ? item : { ...item, parts, tokens: messageTokens(item.role, parts) },
    ];
  });
}

/** The items from a position on: the first 1 + n × (limit − trimTo + 1) that leaves at most `limit` items. */
function trim(items: Item[], positions: number, limit: number, trimTo: number): Item[] {
  for (let start = 1; start <= positions; start += limit - trimTo + 1) {
    const kept = items.filter(({ position }) => position >= start);
    if (kept.length <= limit) return kept;
  }
  return [];
}

/** Drops the oldest items until the remaining items fit the budget. */
function newestThatFit<T extends { tokens: number }>(items: T[], budget: number): T[] {
  let total = sum(items.map(({ tokens }) => tokens));
  let dropped = 0;
  while (total > budget) {
    total -= items[dropped]!.tokens;
    dropped += 1;
  }
  return items.slice(dropped);
}

function isToolResult({ role, parts }: Item): boolean {
  return role === 'tool' || parts.every(({ type }) => type === 'tool_result' || type === 'tool-result');
}

function messageFields({ role, parts, content, id, metadata }: any): any {
  return {
    role,
    parts: parts ?? [{ type: 'text', text: content }],
    ...(id != null && { id }),
    ...(metadata != null && { metadata }),
  };
}

function replacementTokens(event: any): number {
  return (
    event.token_count ?? messageTokens(event.role, event.parts ?? [{ type: 'text', text: event.content }])
  );
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/** tokens > ratio × budget, for ratios of at most three decimals. */
function overRatio(tokens: number, ratio: number, budget: number): boolean {
  return tokens * 1000 > Math.round(ratio * 1000) * budget;
}
