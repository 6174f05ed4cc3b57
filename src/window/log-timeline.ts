import { jsonValue } from '../common/json/json-value.js';
import type { ConversationId } from '../common/conversation-id.js';
import type { EventsService } from '../events/events.service.js';
import type { StoredEvent } from '../events/stored-event.js';
import { oldestScannedPosition, type LiveEvent, type Part, type Timeline } from '../policies/timeline.js';
import type { LiveRanges } from './live-ranges.js';

/** Tokens of a message without its parts, by role. */
export type BaseTokens = ReadonlyMap<string, number>;

/** The timeline of a stored conversation. Positions are computed; events are read only while a policy iterates. */
export class LogTimeline implements Timeline {
  /** Whether a scan has ended because of `maxScannedBytes`. */
  cutByBytes = false;

  /** @param maxScannedBytes most bytes of events that `newestFirst` yields; it yields at least one event */
  constructor(
    private readonly events: EventsService,
    private readonly baseTokens: BaseTokens,
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
      yield StoredLiveEvent.whole(event, position, this.baseTokens);
      position -= 1;
    }
  }
}

/** A stored event as a policy sees it, whole or with some of its parts removed. */
export class StoredLiveEvent implements LiveEvent {
  private constructor(
    readonly stored: StoredEvent,
    readonly position: number,
    readonly role: string,
    readonly parts: readonly Part[],
    readonly tokens: number,
    /** For each of `parts`, its index among the parts of the stored event; undefined if no part was removed. */
    readonly partIndexes: readonly number[] | undefined,
    private readonly baseTokens: BaseTokens,
  ) {}

  static whole(stored: StoredEvent, position: number, baseTokens: BaseTokens): StoredLiveEvent {
    const { role, parts } = jsonValue(stored.body) as { role: string; parts: Part[] };
    return new StoredLiveEvent(stored, position, role, parts, stored.tokenEstimate, undefined, baseTokens);
  }

  get seq(): number {
    return this.stored.seq;
  }

  get insertedAt(): Date {
    return this.stored.insertedAt;
  }

  withParts(keep: (part: Part) => boolean): StoredLiveEvent | undefined {
    const kept = [...this.parts.entries()].filter(([, part]) => keep(part));
    if (kept.length === this.parts.length) return this;
    if (kept.length === 0) return undefined;
    const parts = kept.map(([, part]) => part);
    const partIndexes = kept.map(([index]) => this.partIndexes?.[index] ?? index);
    const { partTokens } = this.stored;
    const base = this.baseTokens.get(this.role) ?? 0;
    const tokens = partIndexes.reduce((sum, index) => sum + (partTokens?.[index] ?? 0), base);
    const { stored, position, role, baseTokens } = this;
    return new StoredLiveEvent(stored, position, role, parts, tokens, partIndexes, baseTokens);
  }
}
