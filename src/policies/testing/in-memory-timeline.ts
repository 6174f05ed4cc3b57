import { firstScanned, type LiveEvent, type Part, type Timeline } from '../timeline.js';

/** An event of a timeline that a test makes up. A part costs one token, and so does the message around it. */
export interface TimelineEvent {
  seq: number;
  role: string;
  parts: readonly Part[];
  insertedAt: Date;
}

/** A timeline without a database, for the tests of policies; seqs may have gaps, where compactions lie. */
export class InMemoryTimeline implements Timeline {
  /** How many events a policy has read. */
  eventsRead = 0;

  /**
   * @param events ascending by seq
   * @param lastSeq where the log ends, if a compaction covers its newest events
   */
  constructor(
    private readonly events: readonly TimelineEvent[],
    readonly lastSeq = events.at(-1)?.seq ?? 0,
  ) {}

  get liveCount(): number {
    return this.events.length;
  }

  seqAt(position: number): number {
    return this.events[position - 1]?.seq ?? this.lastSeq + 1;
  }

  firstSince(time: Date): Promise<number> {
    const index = this.events.findIndex(({ insertedAt }) => insertedAt >= time);
    return Promise.resolve(index === -1 ? this.events.length + 1 : index + 1);
  }

  async *newestFirst(): AsyncGenerator<LiveEvent> {
    for (let position = this.events.length; position >= firstScanned(this.events.length); position -= 1) {
      const event = this.events[position - 1];
      if (!event) return;
      this.eventsRead += 1;
      yield await Promise.resolve(new InMemoryEvent(this, event, position));
    }
  }

  /** The live events from a seq on, newest first, as the service reads them for `{ fromSeq }`: that counts as none read. */
  newestFrom(fromSeq: number): LiveEvent[] {
    return this.events
      .map((event, index) => new InMemoryEvent(this, event, index + 1))
      .filter(({ seq }) => seq >= fromSeq)
      .reverse();
  }

  /** Whether a policy has the event from here, whole or by `withParts`; the service takes no copy of a policy's own. */
  gave(event: LiveEvent): boolean {
    return event instanceof InMemoryEvent && event.timeline === this;
  }
}

class InMemoryEvent implements LiveEvent {
  readonly seq: number;
  readonly role: string;
  readonly parts: readonly Part[];
  readonly insertedAt: Date;

  constructor(
    readonly timeline: InMemoryTimeline,
    private readonly event: TimelineEvent,
    readonly position: number,
  ) {
    ({ seq: this.seq, role: this.role, parts: this.parts, insertedAt: this.insertedAt } = event);
  }

  get tokens(): number {
    return 1 + this.parts.length;
  }

  withParts(keep: (part: Part) => boolean): LiveEvent | undefined {
    const parts = this.parts.filter(keep);
    if (parts.length === this.parts.length) return this;
    return parts.length
      ? new InMemoryEvent(this.timeline, { ...this.event, parts }, this.position)
      : undefined;
  }
}
