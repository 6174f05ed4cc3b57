import type { MessageEvent } from '../event.js';
import type { Item, ToolCallItem, ToolResultItem } from '../items.js';
import { isUiToolPart } from '../read/ui-tool-parts.js';
import { missingResult, orphanedResult, replaceIllFormedText } from '../repair.js';
import { NO_RESULT_TEXT } from '../synthetic-result.js';
import type { ContentForm, Repair, WindowEvent } from '../window-event.js';
import { pairTools, readWindow, type ReadMessage, type ToolPairs } from '../window-items.js';
import { leftOut } from './left-out.js';
import { findExecutedInPlace } from './provider-executed.js';
import { placesOfResults, type ResultPlace } from './result-places.js';

/** A message in the order that every provider accepts: the results of a call directly follow the message with the call. */
export interface ArrangedMessage {
  role: 'system' | 'user' | 'assistant' | 'tool';
  seq: number;
  /** Of the role `tool`: the results of one event, and what only the dialect of the event knows. */
  items: readonly Item[];
  /** The event that all items are of. */
  event: MessageEvent;
  /** Whether the items are all items of the event, so that a writer of its dialect can write the event as it was sent. */
  isWhole: boolean;
  /** Whether a policy has removed parts of the event. */
  isReduced?: boolean;
  contentForm?: ContentForm;
  /** Only for a message of a summary. */
  summary?: { fromSeq: number; toSeq: number };
  /** Whether the message is after the newest message of the user that is more than tool results: the turn is not over. */
  isInOpenTurn: boolean;
}

/** A window, ready for a writer. */
export interface Arrangement {
  messages: readonly ArrangedMessage[];
  /** The call of every result in `messages`. Every call in `messages` has a result, unless it is executed in place. */
  callOf: ReadonlyMap<ToolResultItem, ToolCallItem>;
  /** The window begins with the first event of the log and nothing was taken out: what a provider has signed is still valid. */
  isWholeLog: boolean;
  /** The repairs so far; a writer adds its own. */
  repairs: Repair[];
}

/**
 * Arranges the messages of a window for a provider: results directly follow their call, calls without a result receive one, and
 * results without a call are removed.
 *
 * @param isNative whether the writer can write an item as it was sent. Calls that the provider executes stay inside the message
 * of the model together with their results if both are native. Elsewhere they are ordinary calls, and without a result they are
 * left out.
 * @param openCalls finds the calls that are valid without a result, for example because the user has approved them and the caller
 * runs them next. Default: no call
 */
export function arrange(
  messages: readonly WindowEvent[],
  isNative: (item: Item) => boolean,
  openCalls: (messages: readonly ReadMessage[]) => ReadonlySet<ToolCallItem> = () => new Set(),
): Arrangement {
  const repairs: Repair[] = [];
  const read = readWindow(replaceIllFormedText(messages, repairs));
  const arranger = new Arranger(read, isNative, openCalls(read), repairs);
  for (const index of read.keys()) arranger.add(index);
  return {
    messages: arranger.messages,
    callOf: arranger.callOf,
    isWholeLog: isWholeLog(messages) && repairs.length === 0,
    repairs,
  };
}

function isWholeLog(messages: readonly WindowEvent[]): boolean {
  return messages.every(({ seq, summary, isReduced }, index) => seq === index + 1 && !summary && !isReduced);
}

class Arranger {
  readonly messages: ArrangedMessage[] = [];
  readonly callOf: Map<ToolResultItem, ToolCallItem>;
  private readonly pairs: ToolPairs;
  private readonly inPlace: ReadonlySet<Item>;
  private readonly places: ReadonlyMap<ToolResultItem, ResultPlace>;
  private readonly openTurnFrom: number;
  /** The indexes of messages of the role `tool` without results that are not written yet, ascending. */
  private readonly approvals: Set<number>;

  constructor(
    private readonly read: readonly ReadMessage[],
    isNative: (item: Item) => boolean,
    private readonly openCalls: ReadonlySet<ToolCallItem>,
    private readonly repairs: Repair[],
  ) {
    this.pairs = pairTools(read);
    this.callOf = new Map(this.pairs.callOf);
    this.places = placesOfResults(read);
    this.inPlace = findExecutedInPlace(read, this.pairs, this.places, isNative);
    this.openTurnFrom = read.findLastIndex(({ startsTurn }) => startsTurn) + 1;
    this.approvals = new Set([...read.keys()].filter((index) => isOfApprovals(read[index])));
  }

  add(index: number): void {
    const message = this.read[index];
    if (!message) return;
    this.reportOrphans(message);
    if (message.event.role === 'assistant') this.addAssistant(message, index);
    else this.addOther(message, index);
  }

  private reportOrphans({ items, seq }: ReadMessage): void {
    for (const item of items)
      if (item.kind === 'result' && !this.pairs.callOf.has(item))
        this.repairs.push(orphanedResult(seq, item.callId));
  }

  /** Results are written with their call; what else is in the event stays at its place. */
  private addOther(message: ReadMessage, index: number): void {
    const { role } = message.event;
    const rest = message.items.filter(({ kind }) => kind !== 'result');
    const isEmptied = rest.length === 0 && message.items.length > 0;
    if (isEmptied) return;
    if (role === 'tool' && rest.every(({ kind }) => kind === 'opaque')) this.addApprovals(index);
    else this.push(role === 'user' || role === 'tool' ? 'user' : 'system', message, index, rest);
  }

  /**
   * An answer of several steps becomes a message of the model and the results of its calls, step by step. A step ends after its
   * results. UI tool parts that follow each other are calls of one step, although each has its result beside it. Nothing ends a step
   * with an open call but a step boundary: the AI SDK runs the call only if its message is the last one of the model.
   */
  private addAssistant(message: ReadMessage, index: number): void {
    let step: Item[] = [];
    let hasResult = false;
    const endStep = () => {
      this.addStep(message, index, step);
      step = [];
      hasResult = false;
    };
    for (const item of message.items) {
      const isOwnResult = item.kind === 'result' && !this.inPlace.has(item);
      if (isOwnResult) {
        hasResult ||= this.pairs.callOf.has(item);
        continue;
      }
      if (this.isUnansweredElsewhere(item)) {
        this.repairs.push(leftOut(message.seq, item, 'the call, which its provider executes, has no result'));
        continue;
      }
      const startsStep =
        (hasResult && !isUiToolPart(item.source) && !step.some((each) => this.isOpen(each))) ||
        (item.kind === 'step' && step.some(({ kind }) => kind === 'call'));
      if (startsStep) endStep();
      step.push(item);
    }
    endStep();
  }

  private addStep(message: ReadMessage, index: number, items: readonly Item[]): void {
    if (items.every(({ kind }) => kind === 'step') && message.items.length > 0) return;
    this.push('assistant', message, index, items);
    const calls = items.filter((item) => item.kind === 'call').filter((call) => !this.inPlace.has(call));
    const unanswered = calls.filter((call) => !this.pairs.resultOf.has(call) && !this.openCalls.has(call));
    if (unanswered.length) this.addSyntheticResults(message, index, unanswered);
    this.addResults(index, calls);
  }

  private addSyntheticResults(message: ReadMessage, index: number, calls: readonly ToolCallItem[]): void {
    const results = calls.map((call): ToolResultItem => {
      const { id, name, place } = call;
      this.repairs.push(missingResult(message.seq, call));
      const output = { type: 'text', text: NO_RESULT_TEXT } as const;
      const result = { kind: 'result', callId: id, name, output, isError: true, source: {}, place } as const;
      this.callOf.set(result, call);
      return result;
    });
    this.push('tool', message, index, results);
  }

  /** The recorded results of these calls, event by event. */
  private addResults(callIndex: number, calls: readonly ToolCallItem[]): void {
    const results = calls
      .map((call) => this.placeOfResult(call))
      .filter((place) => place !== undefined)
      .sort((a, b) => a.order - b.order);
    for (const [index, placed] of Map.groupBy(results, (place) => place.index)) {
      const message = this.read[index];
      if (!message) continue;
      for (const between of this.approvals) {
        if (between >= index) break;
        this.addApprovals(between);
      }
      const items = this.withOpaqueItems(
        placed.map(({ result }) => result),
        message,
      );
      if (placed.some(({ newestOther }) => newestOther > callIndex)) this.reportMoved(message.seq, items);
      this.push('tool', message, index, items);
    }
  }

  private placeOfResult(call: ToolCallItem): ResultPlace | undefined {
    const result = this.pairs.resultOf.get(call);
    return result && this.places.get(result);
  }

  /** A message of the role `tool` without results, such as approvals of the AI SDK: before the results that it stands before. */
  private addApprovals(index: number): void {
    const message = this.read[index];
    if (message && this.approvals.delete(index)) this.push('tool', message, index, message.items);
  }

  /** The first results of an event take what else is in it, such as an approval: only its dialect knows what to do with that. */
  private withOpaqueItems(
    results: readonly ToolResultItem[],
    { event, items }: ReadMessage,
  ): readonly Item[] {
    if (event.role !== 'tool') return results;
    const first = items.find((item) => item.kind === 'result' && this.pairs.callOf.has(item));
    if (first !== results[0]) return results;
    const written = new Set<Item>(results);
    return items.filter((item) => item.kind === 'opaque' || written.has(item));
  }

  private reportMoved(seq: number, items: readonly Item[]): void {
    for (const item of items) {
      if (item.kind !== 'result') continue;
      const id = item.callId === undefined ? {} : { call_id: item.callId };
      this.repairs.push({ code: 'moved', seq, ...id, action: 'moved the result directly behind its call' });
    }
  }

  private isOpen(item: Item): boolean {
    return item.kind === 'call' && this.openCalls.has(item) && !this.pairs.resultOf.has(item);
  }

  private isUnansweredElsewhere(item: Item): boolean {
    const isUnanswered = item.kind === 'call' && item.isProviderExecuted && !this.pairs.resultOf.has(item);
    return isUnanswered && !this.inPlace.has(item);
  }

  private push(
    role: ArrangedMessage['role'],
    message: ReadMessage,
    index: number,
    items: readonly Item[],
  ): void {
    const { seq, event, contentForm, summary, isReduced, items: all } = message;
    const isWhole = items.length === all.length && items.every((item, at) => item === all[at]);
    this.messages.push({
      ...{ role, seq, items, event, isWhole, isInOpenTurn: index >= this.openTurnFrom },
      ...(isReduced && { isReduced }),
      ...(contentForm && { contentForm }),
      ...(summary && { summary }),
    });
  }
}

/** Whether a message has the role `tool` and only parts that other dialects do not have, such as approvals of the AI SDK. */
function isOfApprovals(message: ReadMessage | undefined): boolean {
  if (message?.event.role !== 'tool') return false;
  return message.items.length > 0 && message.items.every(({ kind }) => kind === 'opaque');
}
