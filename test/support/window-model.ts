import { get_encoding } from 'tiktoken';

const encoding = get_encoding('o200k_base');

/** Tokens of a text, counted by tiktoken itself; special tokens count as text. */
export function tokensOf(text: string): number {
  return encoding.encode_ordinary(text).length;
}

/** spec.md: 3 + tokens(role) + Σ parts; text and reasoning by their text, any other part by its compact JSON. */
export function messageTokens(role: string, parts: any[]): number {
  return parts.reduce<number>((sum, part) => sum + partTokens(part), 3 + tokensOf(role));
}

/** Tokens of the parts whose output a policy has replaced. */
const replacedTokens = new WeakMap<object, number>();

function partTokens(part: any): number {
  const replaced = replacedTokens.get(part);
  if (replaced !== undefined) return replaced;
  return (part.type === 'text' || part.type === 'reasoning') && typeof part.text === 'string'
    ? tokensOf(part.text)
    : tokensOf(JSON.stringify(part));
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
  repairs: { code: string; seq: number; call_id?: string }[];
  overflow?: { seq: number; tokens: number };
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

/** A message of the window. */
interface Message {
  seq: number;
  /** Identifies the segment: the compaction, or the live range. */
  segment: { type: 'summary' | 'live'; fromSeq: number; toSeq: number };
  event: any;
  tokens: number;
  insertedAt: string | undefined;
  isSynthetic: boolean;
}

/**
 * The window as the specification defines it, computed from all events and all compactions, without any cache. Messages of
 * summaries have no `inserted_at`, because the test does not know their time. The model knows our own dialect (`tool_call`,
 * `tool_result`) and messages of the role `tool`.
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

  const { kept: cut, all } = select(live, conversation.strategy, conversation.config, now);
  const selected = wholeGroups(cut, all, true);
  const budget = Math.min(conversation.tokenBudget, conversation.config.max_tokens ?? Infinity, budgetTokens);
  const summaries = active.map((each) => ({ ...each, tokens: sum(each.replacement.map(replacementTokens)) }));
  const snapshotTokens =
    sum(summaries.map(({ tokens }) => tokens)) + sum(selected.map(({ tokens }) => tokens));

  const fittingSummaries = newestThatFit(summaries, budget);
  const remaining = budget - sum(fittingSummaries.map(({ tokens }) => tokens));
  const fits = newestThatFit(selected, remaining);
  // A policy that changes events hides those before its cut from the groups; others only cut.
  const context = all === live ? live : selected;
  const fitting = fits.length < selected.length ? wholeGroups(fits, context, false) : fits;
  let kept = fitting;
  let keptSummaries = fittingSummaries;

  let repaired = repair(messagesOf(keptSummaries, kept, active));
  while (sum(repaired.messages.map(({ tokens }) => tokens)) > budget) {
    if (kept.length > 0) kept = kept.slice(groupsOf(kept)[0]?.length);
    else keptSummaries = keptSummaries.slice(1);
    repaired = repair(messagesOf(keptSummaries, kept, active));
  }
  const { messages, repairs } = repaired;
  const unfit = fitting.length > 0 ? fitting : selected.length > 0 ? context : [];
  const newest = kept.length === 0 ? groupsOf(unfit).at(-1) : undefined;
  const unfitSummary = messages.length + fittingSummaries.length === 0 ? summaries.at(-1) : undefined;
  const overflow = newest
    ? { seq: newest.at(-1)!.seq, tokens: sum(newest.map(({ tokens }) => tokens)) }
    : unfitSummary && { seq: unfitSummary.toSeq, tokens: unfitSummary.tokens };
  return {
    messages: messages.map(messageFields),
    used_tokens: sum(messages.map(({ tokens }) => tokens)),
    needs_compaction: overRatio(snapshotTokens, conversation.triggerRatio, budget),
    segments: segmentsOf(messages),
    budget_tokens: budget,
    repairs,
    ...(overflow && { overflow }),
  };
}

interface Tool {
  kind: 'call' | 'result';
  id: string | undefined;
  item: any;
  part: any;
}

/** Calls count only in messages of the model. A message of the role `tool` without a result among its parts is one itself. */
function toolsOf(item: { event: any; parts: any[] }): Tool[] {
  const { role, tool_call_id: id } = item.event;
  const isResult = ({ type }: any) => type === 'tool_result' || type === 'tool-result';
  const isContent = (part: any) => typeof part.text === 'string' || Boolean(part.url);
  const isWhole =
    role === 'tool' && !item.parts.some(isResult) && (id !== undefined || item.parts.every(isContent));
  if (isWhole) return [{ kind: 'result', id, item, part: undefined }];
  return item.parts.flatMap((part): Tool[] => {
    if (isResult(part)) return [{ kind: 'result', id: part.tool_call_id ?? part.id, item, part }];
    const isCall = part.type === 'tool_call' && role === 'assistant';
    return isCall ? [{ kind: 'call', id: part.id, item, part }] : [];
  });
}

/** Whether an event is a message of the user that is more than tool results. */
function startsTurn(item: { event: any; parts: any[] }): boolean {
  return item.event.role === 'user' && toolsOf(item).length < item.parts.length;
}

/** Pairs of call and result. */
function pairsOf(items: readonly { event: any; parts: any[] }[]): [Tool, Tool][] {
  const pairs: [Tool, Tool][] = [];
  let open: { tool: Tool; turn: number }[] = [];
  let turn = 0;
  for (const item of items) {
    const tools = toolsOf(item);
    for (const tool of tools) {
      if (tool.kind === 'call') open.push({ tool, turn });
      else {
        const ofTurn = open.filter((each) => each.turn === turn);
        const match =
          tool.id === undefined
            ? ofTurn.length === 1
              ? ofTurn[0]
              : undefined
            : open.findLast((each) => each.tool.id === tool.id);
        if (match) pairs.push([match.tool, tool]);
        open = open.filter((each) => each !== match);
      }
    }
    if (startsTurn(item)) turn += 1;
  }
  return pairs;
}

/** Merges every event with its neighbour until no pair and no reasoning is cut. */
function groupsOf(items: Item[]): Item[][] {
  const intervals = pairsOf(items).map(([call, result]) => [
    items.indexOf(call.item),
    items.indexOf(result.item),
  ]);
  for (const [index, { parts, role }] of items.entries()) {
    const isReasoning =
      role !== 'tool' && parts.length > 0 && parts.every(({ type }) => type === 'reasoning');
    if (isReasoning && index + 1 < items.length) intervals.push([index, index + 1]);
  }
  const groups: Item[][] = [];
  for (const [index, item] of items.entries()) {
    const isCut = intervals.some(([from, to]) => from! < index && index <= to!);
    if (isCut) groups.at(-1)?.push(item);
    else groups.push([item]);
  }
  return groups;
}

/**
 * Moves the start of the kept items to a group. What a policy has removed is not part of a group.
 *
 * @param all the kept items and those before them
 * @param keepsNewest the cut of a policy: the newest group stays whole
 */
function wholeGroups(items: Item[], all: Item[], keepsNewest: boolean): Item[] {
  const [first] = items;
  if (!first) return items;
  const groups = groupsOf([...all.filter(({ seq }) => seq < first.seq), ...items]);
  const group = groups.find((each) => each.includes(first)) ?? [];
  if (group[0] === first) return items;
  if (group.includes(items.at(-1)!) && keepsNewest)
    return [...group.filter(({ seq }) => seq < first.seq), ...items];
  return items.filter((item) => !group.includes(item));
}

function messagesOf(
  summaries: (ModelCompaction & { tokens: number })[],
  kept: Item[],
  active: ModelCompaction[],
): Message[] {
  const messages: Message[] = summaries.flatMap((compaction) => {
    const segment = { type: 'summary' as const, fromSeq: compaction.fromSeq, toSeq: compaction.toSeq };
    return compaction.replacement.map((event) => ({
      seq: compaction.fromSeq,
      segment,
      event: stored(event),
      tokens: replacementTokens(event),
      insertedAt: undefined,
      isSynthetic: false,
    }));
  });
  let segment: Message['segment'] | undefined;
  for (const { seq, event, parts, tokens, insertedAt } of kept) {
    const isSeparate = active.some(({ fromSeq }) => segment && segment.toSeq < fromSeq && fromSeq < seq);
    if (!segment || isSeparate) segment = { type: 'live', fromSeq: seq, toSeq: seq };
    else segment.toSeq = seq;
    messages.push({
      seq,
      segment,
      event: { ...stored(event), parts },
      tokens,
      insertedAt,
      isSynthetic: false,
    });
  }
  return messages.sort((a, b) => a.seq - b.seq);
}

/** The events whose calls may still be answered: nothing but messages with calls and results follows their group. */
function openItems(items: Item[]): Item[] {
  const isOfTools = (item: Item | undefined) =>
    item !== undefined && toolsOf(item).length > 0 && !startsTurn(item);
  return groupsOf(items)
    .filter((group, index, groups) => {
      const following = groups.slice(index + 1).flat();
      return following.length === 0 || (isOfTools(group.at(-1)) && following.every(isOfTools));
    })
    .flat();
}

/** Removes results without a call, and answers calls without a result that are not open. */
function repair(messages: Message[]): { messages: Message[]; repairs: ModelWindow['repairs'] } {
  const items = messages.map((message, index) => ({
    ...message,
    position: index,
    role: message.event.role,
    parts: message.event.parts,
    message,
  }));
  const pairs = pairsOf(items);
  const openEvents = openItems(items as any);
  const repairs: ModelWindow['repairs'] = [];
  const repaired = items.flatMap((item): Message[] => {
    const { message, seq } = item;
    const tools = toolsOf(item);
    const orphans = tools.filter(
      (tool) => tool.kind === 'result' && !pairs.some(([, result]) => same(result, tool)),
    );
    const open = tools.filter((tool) => tool.kind === 'call' && !pairs.some(([call]) => same(call, tool)));
    for (const { id } of orphans)
      repairs.push({ code: 'result_without_call', seq, ...(id !== undefined && { call_id: id }) });
    const parts = item.parts.filter((part: any) => !orphans.some((orphan) => orphan.part === part));
    const isGone =
      orphans.some(({ part }) => part === undefined) ||
      parts.length === 0 ||
      (orphans.length > 0 && item.role === 'tool' && !toolsOf({ ...item, parts }).some(({ part }) => part));
    const removedTokens = sum(item.parts.filter((part: any) => !parts.includes(part)).map(partTokens));
    const isOnlyPart = item.parts.length === 1;
    const kept = isGone
      ? []
      : [
          {
            ...message,
            event: { ...message.event, parts },
            tokens:
              message.segment.type === 'summary' || isOnlyPart
                ? message.tokens
                : Math.max(0, message.tokens - removedTokens),
          },
        ];
    if (openEvents.includes(item as any)) return kept;
    for (const { id } of open)
      repairs.push({ code: 'call_without_result', seq, ...(id !== undefined && { call_id: id }) });
    return open.length === 0 ? kept : [...kept, synthetic(message, open)];
  });
  return { messages: repaired, repairs };
}

function same(a: Tool, b: Tool): boolean {
  return a.item === b.item && a.part === b.part;
}

function synthetic(message: Message, open: Tool[]): Message {
  const content = 'No result was recorded for this call';
  const parts = open.map(({ id, part: { name } }) => ({
    type: 'tool_result',
    ...(id && { tool_call_id: id }),
    name,
    content,
  }));
  const tokens = 3 + tokensOf('tool') + open.length * tokensOf(content);
  return { ...message, event: { role: 'tool', parts, synthetic: true }, tokens, isSynthetic: true };
}

function segmentsOf(messages: Message[]): ModelWindow['segments'] {
  const segments: ModelWindow['segments'] = [];
  let last: Message['segment'] | undefined;
  for (const { segment, seq } of messages) {
    const { type, fromSeq, toSeq } = segment;
    if (segment !== last)
      segments.push({
        type,
        from_seq: type === 'live' ? seq : fromSeq,
        to_seq: type === 'live' ? seq : toSeq,
      });
    else if (type === 'live') segments.at(-1)!.to_seq = seq;
    last = segment;
  }
  return segments;
}

function messageFields({ seq, segment, event, insertedAt }: Message): any {
  const range = segment.type === 'summary' ? { from_seq: segment.fromSeq, to_seq: segment.toSeq } : {};
  return { seq, ...range, ...event, ...(insertedAt !== undefined && { inserted_at: insertedAt }) };
}

/** The event as the log stores it. */
function stored({ content, ...event }: any): any {
  return content === undefined ? event : { ...event, parts: [{ type: 'text', text: content }] };
}

/** The events that a policy may read: drops the oldest 512 events repeatedly until at most 4,096 remain. */
function scanned(live: Item[]): Item[] {
  let remaining = live;
  while (remaining.length > 4096) remaining = remaining.slice(512);
  return remaining;
}

/** What a policy keeps, and all that it would keep without its limit. */
function select(live: Item[], strategy: string, config: any, now: Date): { kept: Item[]; all: Item[] } {
  const limit = config.limit ?? 200;
  const trimTo = config.trim_to ?? limit;
  switch (strategy) {
    case 'budget':
    case 'manual':
      return { kept: live, all: live };
    case 'last_n':
      return { kept: trim(live, live.length, limit, trimTo), all: live };
    case 'strip_tool_results': {
      const placeholder = config.placeholder ?? '[tool result removed]';
      let recent: number = config.keep_recent ?? 0;
      const openFrom = startOfOpenTurn(live);
      const stripped = scanned(live)
        .toReversed()
        .map((item) => {
          const results = toolsOf(item).filter(({ kind }) => kind === 'result');
          const replaced =
            item.position >= openFrom ? [] : results.slice(0, Math.max(0, results.length - recent));
          recent = Math.max(0, recent - results.length);
          return replaced.length > 0 ? strip(item, replaced, placeholder) : item;
        })
        .reverse();
      const seqs = new Set(trim(live, live.length, limit, trimTo).map(({ seq }) => seq));
      return { kept: stripped.filter(({ seq }) => seqs.has(seq)), all: stripped };
    }
    case 'skip_parts': {
      const kinds: string[] = config.kinds ?? ['tool*', 'reasoning'];
      const isTool = kinds.includes('tool*');
      const dropped = (type: string): boolean =>
        kinds.some((kind) => (kind.endsWith('*') ? type.startsWith(kind.slice(0, -1)) : type === kind));
      const openFrom = startOfOpenTurn(live);
      const reduced = scanned(live).flatMap((item) => {
        if (item.position >= openFrom) return [item];
        if (isTool && toolsOf(item).some(({ part }) => part === undefined)) return [];
        return without([item], dropped);
      });
      return { kept: trim(reduced, live.length, limit, trimTo), all: reduced };
    }
    case 'time_window': {
      const oldest = now.getTime() - config.max_age_seconds * 1000;
      const minEvents = config.min_events ?? 0;
      const kept = live.filter(
        (item, index) => new Date(item.insertedAt).getTime() >= oldest || index >= live.length - minEvents,
      );
      return { kept, all: live };
    }
    default:
      throw new Error(`no model of ${strategy}`);
  }
}

/** The position after the newest message of the user that is more than tool results. */
function startOfOpenTurn(live: Item[]): number {
  return (live.findLast(startsTurn)?.position ?? 0) + 1;
}

function strip(item: Item, results: Tool[], placeholder: string): Item {
  if (results.some(({ part }) => part === undefined)) {
    const parts = [{ type: 'text', text: placeholder }];
    return { ...item, parts, tokens: 3 + tokensOf(item.role) + tokensOf(placeholder) };
  }
  const replaced = new Set(results.map(({ part }) => part));
  const parts = item.parts.map((part) => {
    if (!replaced.has(part)) return part;
    const output = part.type === 'tool-result' ? { type: 'text', value: placeholder } : placeholder;
    const stripped = { ...part, output };
    replacedTokens.set(stripped, tokensOf(placeholder));
    return stripped;
  });
  const kept = item.parts.filter((part) => !replaced.has(part));
  return { ...item, parts, tokens: messageTokens(item.role, kept) + results.length * tokensOf(placeholder) };
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
