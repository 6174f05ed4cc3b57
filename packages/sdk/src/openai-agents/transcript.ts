import type { Context } from '../conversation/context.js';
import { ConflictError } from '../errors.js';
import type { EventInput, Part, Role, Window } from '../types.js';

/** What of a context is needed; one that is not awaited yet will do. */
export type Conversation = Pick<Context, 'id' | 'append' | 'window' | 'compact' | 'replay' | 'get'>;

/** A message of the window or of the log, and the seqs that it stands for. */
export interface StoredMessage {
  seq: number;
  role: Role;
  parts: readonly Part[];
  id?: string;
  metadata?: Record<string, unknown>;
  fromSeq: number;
  toSeq: number;
}

/** What to put in the place of a message, possibly nothing. */
export interface Replacement<Result> {
  target: StoredMessage;
  events: readonly EventInput[];
  result: Result;
}

type Range = Pick<StoredMessage, 'fromSeq' | 'toSeq'>;

/** What stands in the window where something was taken out: a compaction cannot replace by nothing. */
const WITHDRAWN: EventInput = { role: 'system', parts: [{ type: 'withdrawn' }] };

/** Most events that one request takes. */
const MAX_TURN = 100;
/** Of a change that others get ahead of. */
const MAX_TRIES = 5;

/** A conversation as messages that can be added and taken out. */
export class Transcript {
  constructor(private readonly context: Conversation) {}

  /** The window, without what stands for things taken out. */
  async window(): Promise<StoredMessage[]> {
    return readWindow(await this.context.window()).messages;
  }

  /** Everything ever added. */
  async log(): Promise<StoredMessage[]> {
    const messages: StoredMessage[] = [];
    for await (const event of this.context.replay()) {
      messages.push({ ...event, fromSeq: event.seq, toSeq: event.seq });
    }
    return messages;
  }

  /** All of them or none, up to 100; beyond that in turns of 100, one after the other. */
  async append(events: readonly EventInput[]): Promise<void> {
    for (let start = 0; start < events.length; start += MAX_TURN) {
      await this.context.append(events.slice(start, start + MAX_TURN));
    }
  }

  /**
   * Has the window show something else instead of one message. The log keeps what was there.
   *
   * @param plan picks one of the messages of the window and says what to put in its place; asked again if others were faster
   */
  async replace<Result>(
    plan: (messages: StoredMessage[]) => Replacement<Result> | undefined,
  ): Promise<Result | undefined> {
    return whileConflicting(async () => {
      const window = await this.context.window();
      const { messages, gaps } = readWindow(window);
      const planned = plan(messages);
      if (!planned) return undefined;
      // A summary can only be replaced whole: its other messages stay.
      const replacement = messages.flatMap((message): readonly EventInput[] => {
        if (message === planned.target) return planned.events;
        return isSameRange(message, planned.target) ? [asEvent(message)] : [];
      });
      const { fromSeq, toSeq } = planned.target;
      await this.context.compact({
        ...(replacement.length > 0 ? { fromSeq, toSeq } : withGaps({ fromSeq, toSeq }, gaps)),
        replacement: replacement.length > 0 ? replacement : [WITHDRAWN],
        ifVersion: window.version,
      });
      return planned.result;
    });
  }

  /** Has the window show nothing of all there is. The log keeps it. */
  async clear(): Promise<void> {
    await whileConflicting(async () => {
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

function readWindow({ messages }: Window): { messages: StoredMessage[]; gaps: StoredMessage[] } {
  const stored = messages.map((message) => ({
    ...message,
    fromSeq: message.fromSeq ?? message.seq,
    toSeq: message.toSeq ?? message.seq,
  }));
  return {
    messages: stored.filter((message) => !isWithdrawn(message)),
    gaps: stored.filter(isWithdrawn),
  };
}

function isWithdrawn({ role, parts }: StoredMessage): boolean {
  return role === 'system' && parts.length === 1 && parts[0]?.type === 'withdrawn';
}

function isSameRange(one: Range, other: Range): boolean {
  return one.fromSeq === other.fromSeq && one.toSeq === other.toSeq;
}

/** Gaps beside this one become part of it, so that taking out and adding by turns leaves one gap, not many. */
function withGaps({ fromSeq, toSeq }: Range, gaps: readonly Range[]): Range {
  return {
    fromSeq: gaps.reduceRight((start, gap) => (gap.toSeq === start - 1 ? gap.fromSeq : start), fromSeq),
    toSeq: gaps.reduce((end, gap) => (gap.fromSeq === end + 1 ? gap.toSeq : end), toSeq),
  };
}

function asEvent({ role, parts, id, metadata }: StoredMessage): EventInput {
  return { role, parts, ...(id !== undefined && { id }), ...(metadata && { metadata }) };
}

async function whileConflicting<Result>(change: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await change();
    } catch (error) {
      const isStale = error instanceof ConflictError && error.reason === 'version_mismatch';
      if (!isStale || tries === MAX_TRIES) throw error;
    }
  }
}
