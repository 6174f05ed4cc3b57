import type { MessageEvent, Part } from './event.js';
import type { Item } from './items.js';
import { readItems } from './read/read-items.js';
import { replacedOutput } from './replaced-output.js';

/** What a policy leaves of an event. */
export interface Reduction {
  /** In order: the index of a part that stays as it is, or a part that replaces another one. */
  parts: readonly (number | Part)[];
  /** Fields beside the parts that are removed, such as `tool_calls`. */
  removedFields: readonly string[];
}

/** The event after a reduction. Parts that stay are the same objects. */
export function reducedEvent(event: MessageEvent, { parts, removedFields }: Reduction): MessageEvent {
  const fields = Object.entries(event).filter(([key]) => !removedFields.includes(key));
  const kept = parts.flatMap((part) => (typeof part === 'number' ? (event.parts[part] ?? []) : part));
  return { ...(Object.fromEntries(fields) as MessageEvent), parts: kept };
}

/**
 * Removes what belongs to some kinds:
 *
 * - `tool*`: tool calls and results of every dialect, and parts whose type begins with `tool`
 * - `reasoning`: reasoning of every dialect
 * - any other kind: parts of this type; with `*` at its end, of all types that begin with it. `*` alone: everything
 *
 * OpenAI Responses binds a reasoning item to the item that follows it. Such reasoning leaves and stays with its follower.
 *
 * @param follower the next event after its own reduction; undefined after the last event, or if the next event is removed
 * @returns undefined if nothing is left of the event; `parts` has all indexes and `removedFields` is empty if all is left
 */
export function withoutKinds(
  event: MessageEvent,
  kinds: readonly string[],
  follower?: MessageEvent,
): Reduction | undefined {
  const items = readItems(event);
  const isRemoved = matcherOf(kinds);
  const removed = new Set(items.filter((item) => isRemoved(item)));
  keepBoundReasoning(items, removed, follower);
  const left = items.filter((item) => !removed.has(item));
  // An answer of tool calls only leaves the boundaries of its steps.
  if (removed.size > 0 && left.every(({ kind }) => kind === 'step')) return undefined;
  const isToolMessage = left.some(({ place }) => place.field === 'event');
  const removedParts = isToolMessage
    ? new Set([...event.parts.keys()].filter((index) => matchesType(kinds, event.parts[index]?.type ?? '')))
    : new Set([...removed].map(({ place }) => (place.field === 'parts' ? place.index : -1)));
  const parts = [...event.parts.keys()].filter((index) => !removedParts.has(index));
  if (isToolMessage && parts.length === 0 && event.parts.length > 0) return undefined;
  const removedFields = new Set<string>([...removed].map(({ place }) => place.field));
  removedFields.delete('parts');
  // LangChain repeats the calls of the parts there.
  if (Array.isArray(event.tool_calls) && [...removed].some(isToolItem) && coversTools(kinds))
    removedFields.add('tool_calls');
  return { parts, removedFields: [...removedFields] };
}

/** Whether a reduction leaves the event as it is. */
export function isWhole(event: MessageEvent, { parts, removedFields }: Reduction): boolean {
  return (
    removedFields.length === 0 &&
    parts.length === event.parts.length &&
    parts.every((part, index) => part === index)
  );
}

/**
 * Replaces the outputs of the first `count` tool results by a text, each in its own dialect, so that calls keep their results.
 *
 * @param count default: all
 */
export function withReplacedOutputs(event: MessageEvent, text: string, count = Infinity): Reduction {
  const results = readItems(event)
    .filter((item) => item.kind === 'result')
    .slice(0, count);
  if (results.some(({ place }) => place.field === 'event'))
    return { parts: [{ type: 'text', text }], removedFields: [] };
  const replaced = new Map(
    results.map(({ place, source }) => [place.index, replacedOutput(source as Part, text)]),
  );
  return { parts: event.parts.map((_, index) => replaced.get(index) ?? index), removedFields: [] };
}

function matcherOf(kinds: readonly string[]): (item: Item) => boolean {
  const coversReasoning = matchesType(kinds, 'reasoning');
  return (item) => {
    const { kind, source, place } = item;
    if (isToolItem(item) && coversTools(kinds)) return true;
    if (kind === 'reasoning' && coversReasoning) return true;
    return matchesType(kinds, place.field === 'parts' ? String(source.type) : place.field);
  };
}

/** Whether one of the kinds is `tool*`, or matches even more. */
function coversTools(kinds: readonly string[]): boolean {
  return kinds.some((kind) => kind.endsWith('*') && 'tool'.startsWith(kind.slice(0, -1)));
}

function isToolItem({ kind }: Item): boolean {
  return kind === 'call' || kind === 'result';
}

function matchesType(kinds: readonly string[], type: string): boolean {
  return kinds.some((kind) => (kind.endsWith('*') ? type.startsWith(kind.slice(0, -1)) : type === kind));
}

/** Takes reasoning out of `removed` whose follower stays. */
function keepBoundReasoning(
  items: readonly Item[],
  removed: Set<Item>,
  follower: MessageEvent | undefined,
): void {
  const [first] = follower ? readItems(follower) : [];
  let isBound = isOutputItem(first);
  for (const item of items.toReversed()) {
    if (!isResponsesReasoning(item)) isBound = isOutputItem(item) && !removed.has(item);
    else if (isBound) removed.delete(item);
  }
}

/** A reasoning item of OpenAI Responses with an id. */
function isResponsesReasoning({ kind, source }: Item): boolean {
  return kind === 'reasoning' && typeof source.id === 'string' && Array.isArray(source.summary);
}

/** An item of OpenAI Responses that a model has written, with an id, such as `fc_…` or `msg_…`. */
function isOutputItem(item: Item | undefined): boolean {
  return item !== undefined && item.kind !== 'result' && typeof item.source.id === 'string';
}
