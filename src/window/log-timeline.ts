import { jsonValue } from '../common/json/json-value.js';
import type { ConversationId } from '../common/conversation-id.js';
import type { EventsService } from '../events/events.service.js';
import type { StoredEvent } from '../events/stored-event.js';
import type { LiveRuns } from './live-runs.js';
import { oldestScannedPosition, type LiveEvent, type Part, type Timeline } from '../policies/timeline.js';

/** What a message of each role costs before its parts, in tokens. */
export type BaseTokens = ReadonlyMap<string, number>;

/** The timeline of a stored conversation: positions are computed, events read as a policy asks for them. */
export class LogTimeline implements Timeline {
  /** Whether a scan has ended at the limit of bytes. */
  cutByBytes = false;

  /** @param maxScannedBytes most bytes of events that `newestFirst` gives; one event at least */
  constructor(
    private readonly events: EventsService,
    private readonly baseTokens: BaseTokens,
    private readonly id: ConversationId,
    private readonly live: LiveRuns,
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
    const fromSeq = this.live.seqAt(oldestScannedPosition(this.live.count));
    const runs = this.live.from(fromSeq).map((run) => ({ ...run, fromSeq: Math.max(run.fromSeq, fromSeq) }));
    let position = this.live.count;
    let bytes = 0;
    for await (const event of this.events.newestFirst(this.id, runs)) {
      bytes += Buffer.byteLength(event.body);
      if (bytes > this.maxScannedBytes && position < this.live.count) {
        this.cutByBytes = true;
        return;
      }
      yield StoredLiveEvent.of(event, position, this.baseTokens);
      position -= 1;
    }
  }
}

/** An event of the log, whole or with some of its parts left out. */
export class StoredLiveEvent implements LiveEvent {
  private constructor(
    readonly stored: StoredEvent,
    readonly position: number,
    readonly role: string,
    readonly parts: readonly Part[],
    /** Places of `parts` among the parts of the stored event. */
    readonly places: readonly number[],
    readonly tokens: number,
    private readonly baseTokens: BaseTokens,
  ) {}

  static of(stored: StoredEvent, position: number, baseTokens: BaseTokens): StoredLiveEvent {
    const { role, parts } = jsonValue(stored.body) as { role: string; parts: Part[] };
    const places = [...parts.keys()];
    return new StoredLiveEvent(stored, position, role, parts, places, stored.tokenEstimate, baseTokens);
  }

  get seq(): number {
    return this.stored.seq;
  }

  get insertedAt(): Date {
    return this.stored.insertedAt;
  }

  /** Whether every part of the stored event is still there. */
  get whole(): boolean {
    return this.places.length === (this.stored.partTokens?.length ?? 1);
  }

  withParts(keep: (part: Part) => boolean): StoredLiveEvent | undefined {
    const kept = [...this.parts.entries()].filter(([, part]) => keep(part));
    if (kept.length === this.parts.length) return this;
    if (kept.length === 0) return undefined;
    const parts = kept.map(([, part]) => part);
    const places = kept.map(([index]) => this.places[index] as number);
    const { partTokens } = this.stored;
    const base = this.baseTokens.get(this.role) ?? 0;
    const tokens = places.reduce((sum, place) => sum + (partTokens?.[place] ?? 0), base);
    return new StoredLiveEvent(this.stored, this.position, this.role, parts, places, tokens, this.baseTokens);
  }
}
