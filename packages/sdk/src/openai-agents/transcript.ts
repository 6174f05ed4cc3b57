import { readItems, type WindowEvent } from '@fastpaca/messages';
import { appendInTurns } from '../conversation/append.js';
import type { Context } from '../conversation/context.js';
import { ConflictError } from '../errors.js';
import type { EventInput, EventLike, Window } from '../types.js';

/** What a session needs of a context or its builder. */
export type SessionContext = Pick<Context, 'id' | 'append' | 'window' | 'compact' | 'replay' | 'get'>;

/** Replaces a message of the window by events, or removes the message if the list of events is empty. */
export interface Replacement<Result> {
  target: WindowEvent;
  events: readonly EventInput[];
  /** What `replace` returns. */
  result: Result;
}

type Range = NonNullable<WindowEvent['summary']>;

/** Takes the place of removed messages, because the replacement of a compaction must not be empty. */
const WITHDRAWN: EventInput = { role: 'system', parts: [{ type: 'withdrawn' }] };

/** Attempts of a change that other writers overtake. */
const MAX_ATTEMPTS = 5;

/** A conversation as a list of messages that can be appended, replaced and removed. */
export class Transcript {
  constructor(private readonly context: SessionContext) {}

  /** The messages of the window, without removed ones. */
  async window(): Promise<WindowEvent[]> {
    return readWindow(await this.context.window()).messages;
  }

  /** All events of the log, including removed ones. */
  async log(): Promise<WindowEvent[]> {
    const messages: WindowEvent[] = [];
    for await (const event of this.context.replay()) messages.push({ seq: event.seq, event });
    return messages;
  }

  /** Up to 100 events are appended all or none; more are appended in turns of 100. */
  async append(events: readonly EventInput[]): Promise<void> {
    await appendInTurns(this.context, events);
  }

  /**
   * Replaces one message of the window. The log does not change.
   *
   * @param plan chooses the message and its replacement; called again if the conversation has changed meanwhile
   * @returns the plan's result; undefined if the plan replaces nothing
   */
  async replace<Result>(
    plan: (messages: WindowEvent[]) => Replacement<Result> | undefined,
  ): Promise<Result | undefined> {
    return retryOnVersionMismatch(async () => {
      const window = await this.context.window();
      const { messages, withdrawn } = readWindow(window);
      const planned = plan(messages);
      if (!planned) return undefined;
      const { target, events, result } = planned;
      const ofTarget = rangeOf(target);
      // Only a whole summary can be replaced, so its other messages are part of the replacement.
      const replacement = messages.flatMap((message): readonly (EventInput | EventLike)[] => {
        if (message === target) return events;
        return isSameRange(rangeOf(message), ofTarget) ? [message.event] : [];
      });
      const range = replacement.length > 0 ? ofTarget : includeAdjacent(ofTarget, withdrawn);
      await this.context.compact({
        ...range,
        replacement: replacement.length > 0 ? replacement : [WITHDRAWN],
        ifVersion: window.version,
      });
      return result;
    });
  }

  /** Removes all messages from the window. The log does not change. */
  async clear(): Promise<void> {
    await retryOnVersionMismatch(async () => {
      const { lastSeq, version } = await this.context.get();
      if (lastSeq === 0) return;
      await this.context.compact({
        fromSeq: 1,
        toSeq: lastSeq,
        replacement: [WITHDRAWN],
        ifVersion: version,
      });
    });
  }
}

function readWindow({ messages }: Window): { messages: WindowEvent[]; withdrawn: Range[] } {
  const stored = messages
    .map((message): WindowEvent => {
      const { seq, fromSeq, toSeq } = message;
      const isSummary = fromSeq !== undefined && toSeq !== undefined;
      return { seq, event: { ...message }, ...(isSummary && { summary: { fromSeq, toSeq } }) };
    })
    .filter(({ event }) => !isAddedResult(event));
  return {
    messages: stored.filter(({ event }) => !isWithdrawn(event)),
    withdrawn: stored.filter(({ event }) => isWithdrawn(event)).map(rangeOf),
  };
}

/** The service has added it to a call that has no result. It is not in the log. */
function isAddedResult(event: WindowEvent['event']): boolean {
  return event.synthetic === true && readItems(event).every(({ kind }) => kind === 'result');
}

function isWithdrawn({ role, parts }: WindowEvent['event']): boolean {
  return role === 'system' && parts.length === 1 && parts[0]?.type === 'withdrawn';
}

function rangeOf({ seq, summary = { fromSeq: seq, toSeq: seq } }: WindowEvent): Range {
  return summary;
}

function isSameRange(one: Range, other: Range): boolean {
  return one.fromSeq === other.fromSeq && one.toSeq === other.toSeq;
}

/** Extends the range by adjacent withdrawn ranges. Otherwise adding and removing in turns would leave ever more summaries. */
function includeAdjacent({ fromSeq, toSeq }: Range, withdrawn: readonly Range[]): Range {
  return {
    fromSeq: withdrawn.reduceRight(
      (start, range) => (range.toSeq === start - 1 ? range.fromSeq : start),
      fromSeq,
    ),
    toSeq: withdrawn.reduce((end, range) => (range.fromSeq === end + 1 ? range.toSeq : end), toSeq),
  };
}

async function retryOnVersionMismatch<Result>(change: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await change();
    } catch (error) {
      const isStale = error instanceof ConflictError && error.reason === 'version_mismatch';
      if (!isStale || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}
