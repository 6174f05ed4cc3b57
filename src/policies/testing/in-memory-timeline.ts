import { oldestScannedPosition, type LiveEvent, type Part, type Timeline } from '../timeline.js';

/** A live event as a test declares it. Each part costs one token, and the message itself costs one more. */
export interface TimelineEvent {
  seq: number;
  role: string;
  parts: readonly Part[];
  insertedAt: Date;
}

/** A timeline without a database, for tests of policies. Seqs may have gaps, as compactions cause them. */
export class InMemoryTimeline implements Timeline {
  /** How many events have been read through `newestFirst`. */
  eventsRead = 0;

  /**
   * @param events ascending by seq
   * @param lastSeq end of the log; given if a compaction covers the newest events
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
    const oldest = oldestScannedPosition(this.events.length);
    for (let position = this.events.length; position >= oldest; position -= 1) {
      const event = this.events[position - 1];
      if (!event) return;
      this.eventsRead += 1;
      yield await Promise.resolve(new InMemoryEvent(this, event, position));
    }
  }

  /** The live events that the selection `{ fromSeq }` stands for, newest first. Not counted in `eventsRead`. */
  newestFrom(fromSeq: number): LiveEvent[] {
    return this.events
      .map((event, index) => new InMemoryEvent(this, event, index + 1))
      .filter(({ seq }) => seq >= fromSeq)
      .reverse();
  }

  /** Whether the event is one of this timeline, whole or reduced by `withParts`. The service rejects any other object. */
  owns(event: LiveEvent): boolean {
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
