import { readItems, type WindowEvent } from '@fastpaca/messages';
import { appendInTurns } from '../conversation/append.js';
import type { Context } from '../conversation/context.js';
import { retryOnVersionMismatch } from '../conversation/retry-on-version-mismatch.js';
import type { EventInput, EventLike, Window } from '../types.js';

/** What a session needs of a context or its builder. */
export type SessionContext = Pick<
  Context,
  'id' | 'append' | 'window' | 'compact' | 'withdraw' | 'replay' | 'get'
>;

/** Replaces a message of the window by events, or removes the message if the list of events is empty. */
export interface Replacement<Result> {
  target: WindowEvent;
  events: readonly EventInput[];
  /** What `replace` returns. */
  result: Result;
}

type Range = NonNullable<WindowEvent['summary']>;

/** A conversation as a list of messages that can be appended, replaced and removed. */
export class Transcript {
  constructor(private readonly context: SessionContext) {}

  /** The messages of the window, without removed ones. */
  async window(): Promise<WindowEvent[]> {
    return readWindow(await this.context.window());
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
      const messages = readWindow(window);
      const planned = plan(messages);
      if (!planned) return undefined;
      const { target, events, result } = planned;
      const ofTarget = rangeOf(target);
      // Only a whole summary can be replaced, so its other messages are part of the replacement.
      const replacement = messages.flatMap((message): readonly (EventInput | EventLike)[] => {
        if (message === target) return events;
        return isSameRange(rangeOf(message), ofTarget) ? [message.event] : [];
      });
      const range = { ...ofTarget, ifVersion: window.version };
      if (replacement.length > 0) await this.context.compact({ ...range, replacement });
      else await this.context.withdraw(range);
      return result;
    });
  }

  /** Removes all messages from the window. The log does not change. */
  async clear(): Promise<void> {
    await retryOnVersionMismatch(async () => {
      const { lastSeq, version } = await this.context.get();
      if (lastSeq > 0) await this.context.withdraw({ fromSeq: 1, toSeq: lastSeq, ifVersion: version });
    });
  }
}

function readWindow({ messages }: Window): WindowEvent[] {
  return messages
    .map((message): WindowEvent => {
      const { seq, fromSeq, toSeq } = message;
      const isSummary = fromSeq !== undefined && toSeq !== undefined;
      return { seq, event: { ...message }, ...(isSummary && { summary: { fromSeq, toSeq } }) };
    })
    .filter(({ event }) => !isAddedResult(event) && !isWithdrawn(event));
}

/** The service has added it to a call that has no result. It is not in the log. */
function isAddedResult(event: WindowEvent['event']): boolean {
  return event.synthetic === true && readItems(event).every(({ kind }) => kind === 'result');
}

/** Earlier versions have put such a message in the place of removed ones. */
function isWithdrawn({ role, parts }: WindowEvent['event']): boolean {
  return role === 'system' && parts.length === 1 && parts[0]?.type === 'withdrawn';
}

function rangeOf({ seq, summary = { fromSeq: seq, toSeq: seq } }: WindowEvent): Range {
  return summary;
}

function isSameRange(one: Range, other: Range): boolean {
  return one.fromSeq === other.fromSeq && one.toSeq === other.toSeq;
}
