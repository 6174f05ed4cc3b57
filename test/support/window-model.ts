import { get_encoding } from 'tiktoken';

const encoding = get_encoding('o200k_base');

/** Tokens of a text by tiktoken itself, special tokens as text. */
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
 * The window as the contract words it, computed the slow way: from all events and all compactions, with nothing kept
 * from one call to the next. `inserted_at` is left out of the messages of summaries, which the caller cannot know.
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

  let left = budget;
  const pinned = newest(
    summaries,
    () => left,
    (tokens) => (left -= tokens),
  );
  const fitting = newest(
    selected,
    () => left,
    (tokens) => (left -= tokens),
  );

  const pieces: { seq: number; type: 'summary' | 'live'; toSeq: number; messages: any[]; tokens: number }[] =
    [];
  for (const { fromSeq, toSeq, replacement, tokens } of pinned) {
    const messages = replacement.map((event) => ({
      seq: fromSeq,
      from_seq: fromSeq,
      to_seq: toSeq,
      ...carried(event),
    }));
    pieces.push({ seq: fromSeq, type: 'summary', toSeq, messages, tokens });
  }
  // A run ends where a compaction lies between two live events.
  const runs: Item[][] = [];
  for (const item of fitting) {
    const before = runs.at(-1)?.at(-1);
    if (!before || active.some(({ fromSeq }) => before.seq < fromSeq && fromSeq < item.seq))
      runs.push([item]);
    else runs.at(-1)?.push(item);
  }
  for (let run of runs) {
    if (run[0]?.seq !== 1) while (run[0] && isOrphan(run[0])) run = run.slice(1);
    if (run.length === 0) continue;
    const messages = run.map(({ seq, event, parts, insertedAt }) => ({
      seq,
      ...carried({ ...event, parts }),
      inserted_at: insertedAt,
    }));
    pieces.push({
      seq: run[0]!.seq,
      type: 'live',
      toSeq: run.at(-1)!.seq,
      messages,
      tokens: sum(run.map(({ tokens }) => tokens)),
    });
  }
  pieces.sort((a, b) => a.seq - b.seq);
  return {
    messages: pieces.flatMap(({ messages }) => messages),
    used_tokens: sum(pieces.map(({ tokens }) => tokens)),
    needs_compaction: overRatio(snapshotTokens, conversation.triggerRatio, budget),
    segments: pieces.map(({ type, seq, toSeq }) => ({ type, from_seq: seq, to_seq: toSeq })),
    budget_tokens: budget,
  };
}

/** What a policy may look at that reads events: all, less the oldest 512 again and again until 4,096 at most are left. */
function scanned(live: Item[]): Item[] {
  let left = live;
  while (left.length > 4096) left = left.slice(512);
  return left;
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
      const least = config.min_events ?? 0;
      return live.filter(
        (item, index) => new Date(item.insertedAt).getTime() >= oldest || index >= live.length - least,
      );
    }
    default:
      throw new Error(`no model of ${strategy}`);
  }
}

/** Drops parts; an event of nothing else goes. */
function without(items: Item[], dropped: (type: string) => boolean): Item[] {
  return items.flatMap((item) => {
    const parts = item.parts.filter(({ type }) => !dropped(type));
    if (parts.length === 0) return [];
    return [
      parts.length === item.parts.length ? item : { ...item, parts, tokens: messageTokens(item.role, parts) },
    ];
  });
}

/** The earliest start, of 1 + every multiple of the step, with no more than `limit` events after it. */
function trim(items: Item[], positions: number, limit: number, trimTo: number): Item[] {
  for (let start = 1; start <= positions; start += limit - trimTo + 1) {
    const kept = items.filter(({ position }) => position >= start);
    if (kept.length <= limit) return kept;
  }
  return [];
}

function newest<T extends { tokens: number }>(
  items: T[],
  left: () => number,
  take: (tokens: number) => void,
): T[] {
  const kept: T[] = [];
  for (const item of items.toReversed()) {
    if (item.tokens > left()) break;
    take(item.tokens);
    kept.unshift(item);
  }
  return kept;
}

function isOrphan({ role, parts }: Item): boolean {
  return role === 'tool' || parts.every(({ type }) => type === 'tool_result' || type === 'tool-result');
}

function carried({ role, parts, content, id, metadata }: any): any {
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
