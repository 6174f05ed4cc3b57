import { countedEvent, readItems, type EventOutline, type MessageEvent } from '@fastpaca/messages';
import { jsonValue } from '../common/json/json-value.js';
import type { ConversationId } from '../common/conversation-id.js';
import type { EventsService } from '../events/events.service.js';
import type { EventWithTotal } from '../events/stored-event.js';
import { EventContent } from '../policies/event-content.js';
import { oldestScannedPosition, type LiveEvent, type Part, type Timeline } from '../policies/timeline.js';
import { storedOutline } from '../events/stored-outline.js';
import type { LiveRanges } from './live-ranges.js';
import { leftOfOtherFields, reducedTokens } from './reduced-tokens.js';
import { eventMessage, reducedMessage, type WindowMessage } from './window-message.js';

/** What the tokens of a reduced event are made of. */
export interface TokenCounts {
  /** Tokens of a message without its parts, by role. */
  base: ReadonlyMap<string, number>;
  ofText: (text: string) => number | Promise<number>;
}

/** The timeline of a stored conversation. Positions are computed; events are read only while a policy iterates. */
export class LogTimeline implements Timeline {
  /** Whether a scan has ended because of `maxScannedBytes`. */
  cutByBytes = false;

  /** @param maxScannedBytes most bytes of events that `newestFirst` yields; it yields at least one event */
  constructor(
    private readonly events: EventsService,
    private readonly counts: TokenCounts,
    private readonly id: ConversationId,
    private readonly live: LiveRanges,
    private readonly maxScannedBytes: number,
  ) {}

  get lastSeq(): number {
    return this.live.lastSeq;
  }

  get liveCount(): number {
    return this.live.count;
  }

  seqAt(position: number): number {
    return this.live.seqAt(position);
  }

  async firstSince(time: Date): Promise<number> {
    return this.live.positionOf(await this.events.firstSince(this.id, this.live.lastSeq, time));
  }

  async *newestFirst(): AsyncGenerator<StoredLiveEvent> {
    const oldestSeq = this.live.seqAt(oldestScannedPosition(this.live.count));
    const ranges = this.live
      .reaching(oldestSeq)
      .map(({ fromSeq, toSeq }) => ({ fromSeq: Math.max(fromSeq, oldestSeq), toSeq }));
    let position = this.live.count;
    let bytes = 0;
    for await (const event of this.events.newestFirst(this.id, ranges)) {
      bytes += Buffer.byteLength(event.body);
      if (bytes > this.maxScannedBytes && position < this.live.count) {
        this.cutByBytes = true;
        return;
      }
      yield StoredLiveEvent.whole(event, position, this.counts);
      position -= 1;
    }
  }
}

/** A stored event as a policy sees it, whole or with what a policy has left of it. */
export class StoredLiveEvent implements LiveEvent {
  private constructor(
    readonly stored: EventWithTotal,
    readonly position: number,
    readonly tokens: number,
    private readonly content: EventContent,
    private readonly counts: TokenCounts,
    /** Of each part that is left, then of each tool call; empty for a whole event. */
    private readonly partTokens: readonly number[] = [],
    /** Of the parts that replace stored ones. */
    private readonly replacedTokens: ReadonlyMap<Part, number> = new Map(),
  ) {}

  static whole(stored: EventWithTotal, position: number, counts: TokenCounts): StoredLiveEvent {
    const event = jsonValue(stored.body) as MessageEvent;
    const content = new EventContent(event, undefined, storedOutline(stored));
    return new StoredLiveEvent(stored, position, stored.tokenEstimate, content, counts);
  }

  get seq(): number {
    return this.stored.seq;
  }

  get role(): string {
    return this.content.event.role;
  }

  get parts(): readonly Part[] {
    return this.content.event.parts;
  }

  get insertedAt(): Date {
    return this.stored.insertedAt;
  }

  get startsTurn(): boolean {
    return this.content.outline.startsTurn;
  }

  get toolResultCount(): number {
    return this.content.toolResultCount;
  }

  get outline(): EventOutline {
    return this.content.outline;
  }

  withParts(keep: (part: Part) => boolean): StoredLiveEvent | undefined {
    return this.withContent(this.content.withParts(keep));
  }

  withoutKinds(kinds: readonly string[], follower?: StoredLiveEvent): StoredLiveEvent | undefined {
    return this.withContent(this.content.withoutKinds(kinds, follower?.content));
  }

  async withReplacedOutputs(text: string, count = Infinity): Promise<StoredLiveEvent> {
    const content = this.content.withReplacedOutputs(text, count);
    const replacedTokens = new Map(this.replacedTokens);
    for (const part of content.reduction?.parts ?? [])
      if (typeof part !== 'number') replacedTokens.set(part, await this.tokensOf(part));
    return this.withContent(content, replacedTokens) ?? this;
  }

  toMessage(): WindowMessage {
    const { stored, tokens, partTokens } = this;
    const { reduction } = this.content;
    return reduction ? reducedMessage(stored, tokens, reduction, partTokens) : eventMessage(stored, tokens);
  }

  private withContent(
    content: EventContent | undefined,
    replacedTokens = this.replacedTokens,
  ): StoredLiveEvent | undefined {
    if (!content || content === this.content) return content && this;
    const { base, ofItems, ofOthers } = this.storedTokens();
    const { whole, reduction } = content;
    const removedFields = reduction?.removedFields ?? [];
    const partTokens = (reduction?.parts ?? []).map((part) =>
      typeof part === 'number' ? (ofItems[part] ?? 0) : (replacedTokens.get(part) ?? 0),
    );
    // The counts of the tool calls beside the parts follow those of the parts.
    if (!removedFields.includes('tool_calls')) partTokens.push(...ofItems.slice(whole.parts.length));
    const before = base + sum(ofItems) + ofOthers;
    const left = base + sum(partTokens) + leftOfOtherFields(whole, ofOthers, removedFields);
    const { stored, position, counts } = this;
    const tokens = reducedTokens(whole, stored.tokenEstimate, before, left);
    return new StoredLiveEvent(stored, position, tokens, content, counts, partTokens, replacedTokens);
  }

  /** Tokens of the stored event as the service counted them: of a message without content, of each item, and of other fields. */
  private storedTokens(): { base: number; ofItems: readonly number[]; ofOthers: number } {
    const { partTokens, tokenEstimate } = this.stored;
    const base = this.counts.base.get(this.role) ?? 0;
    const isCallersCount = typeof this.content.whole.token_count === 'number';
    const others = isCallersCount || !partTokens ? 0 : tokenEstimate - base - sum(partTokens);
    return {
      base,
      ofItems: partTokens ?? [Math.max(0, tokenEstimate - base)],
      ofOthers: Math.max(0, others),
    };
  }

  /** Of a part that replaces a stored one: a tool result, with its call if the part holds that too. */
  private async tokensOf(part: Part): Promise<number> {
    const event: MessageEvent = { role: 'assistant', parts: [part] };
    const [content] = countedEvent(event, readItems(event)).parts;
    let tokens = 0;
    for (const text of content?.texts ?? []) tokens += await this.counts.ofText(text);
    return tokens;
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, each) => total + each, 0);
}
