import type { EventOutline, OutlineTool } from './outline.js';
import { pairToolResults } from './pairing.js';

/** An event of a conversation with its outline. */
export interface OutlinedEvent {
  seq: number;
  outline: EventOutline;
}

/** A run of events that a window keeps or drops together. Both ends inclusive. */
export interface Group {
  fromSeq: number;
  toSeq: number;
}

/**
 * The groups of consecutive events, ascending: together they hold every event once.
 *
 * - From a tool call to its result, all events are one group, also others that stand between them.
 * - An event of reasoning only belongs to the group of the event that follows it.
 * - An event of approvals only belongs to the group of the event before it: the tool call that the user has decided on.
 * - Groups that overlap are one.
 *
 * @param events ascending; results whose call is earlier than all of them do not extend a group
 */
export function groupEvents(events: readonly OutlinedEvent[]): Group[] {
  const lastResultOf = new Map<number, number>();
  if (hasTools(events))
    for (const [{ index: call }, { index: result }] of pairTools(events).resultOf)
      lastResultOf.set(call, Math.max(lastResultOf.get(call) ?? 0, result));
  const groups: Group[] = [];
  let start = 0;
  let end = 0;
  events.forEach(({ seq, outline }, index) => {
    const joinsNext =
      index + 1 < events.length && (outline.isReasoning || events[index + 1]?.outline.isApproval);
    end = Math.max(end, lastResultOf.get(index) ?? 0, joinsNext ? index + 1 : 0);
    if (end > index) return;
    groups.push({ fromSeq: events[start]?.seq ?? seq, toSeq: seq });
    start = end = index + 1;
  });
  return groups;
}

/**
 * The first seq whose calls may still be answered: that of the last group, or of an earlier one if only calls and results follow
 * it. Parallel calls of one answer may be events of their own.
 */
export function openFromSeq(events: readonly OutlinedEvent[]): number {
  let from = 0;
  let index = events.length - 1;
  for (const { fromSeq } of groupEvents(events).toReversed()) {
    if (index < events.length - 1 && !isOfTools(events[index])) break;
    from = fromSeq;
    let hasOthers = false;
    for (; (events[index]?.seq ?? -1) >= fromSeq; index -= 1) hasOthers ||= !isOfTools(events[index]);
    if (hasOthers) break;
  }
  return from;
}

function isOfTools(event: OutlinedEvent | undefined): boolean {
  return event !== undefined && event.outline.tools.length > 0 && !event.outline.startsTurn;
}

/**
 * Whether the groups of the events may change if older events are known: the first event is an approval, a result has no call among
 * the events, or a result of their first turn has no id. The call of such a result is a guess if an older call of the turn is open.
 */
export function dependOnEarlier(events: readonly OutlinedEvent[]): boolean {
  if (events[0]?.outline.isApproval) return true;
  if (!hasTools(events)) return false;
  const { tools, callOf } = pairTools(events);
  const nextTurn = events.findIndex(({ outline }) => outline.startsTurn);
  const isOfFirstTurn = ({ index }: EventTool) => nextTurn === -1 || index <= nextTurn;
  return tools.some(
    (tool) => tool.kind === 'result' && (!callOf.has(tool) || (tool.id === undefined && isOfFirstTurn(tool))),
  );
}

/**
 * Whether `repairWindow` would change something: a result without its call, a call without a result that is before `openFromSeq`
 * and that no provider executes, or text that is not well-formed.
 */
export function needsRepair(events: readonly OutlinedEvent[]): boolean {
  if (events.some(({ outline }) => outline.isIllFormed)) return true;
  if (!hasTools(events)) return false;
  const { tools, callOf, resultOf } = pairTools(events);
  const openFrom = openFromSeq(events);
  return tools.some((tool) => {
    if (tool.kind === 'result') return !callOf.has(tool);
    const isOpen = (events[tool.index]?.seq ?? 0) >= openFrom;
    return !resultOf.has(tool) && !tool.isProviderExecuted && !isOpen;
  });
}

/** The calls without a result that the provider does not execute. */
export function unansweredCalls(events: readonly OutlinedEvent[]): OutlineTool[] {
  const { tools, resultOf } = pairTools(events);
  return tools.filter((tool) => tool.kind === 'call' && !tool.isProviderExecuted && !resultOf.has(tool));
}

function hasTools(events: readonly OutlinedEvent[]): boolean {
  return events.some(({ outline }) => outline.tools.length > 0);
}

/** A tool call or result, with the index of its event. */
interface EventTool extends OutlineTool {
  index: number;
}

interface EventToolPairs {
  /** All calls and results, in the order of the conversation. */
  tools: EventTool[];
  resultOf: ReadonlyMap<EventTool, EventTool>;
  callOf: ReadonlyMap<EventTool, EventTool>;
}

function pairTools(events: readonly OutlinedEvent[]): EventToolPairs {
  const messages = events.map(({ outline: { tools, startsTurn } }, index) => ({
    tools: tools.map((tool): EventTool => ({ ...tool, index })),
    startsTurn,
  }));
  return { tools: messages.flatMap(({ tools }) => tools), ...pairToolResults(messages) };
}
