import type { MessageEvent } from '@fastpaca/messages';
import { EventContent } from '../event-content.js';
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
  readonly insertedAt: Date;

  constructor(
    readonly timeline: InMemoryTimeline,
    private readonly declared: TimelineEvent,
    readonly position: number,
    private readonly content = new EventContent({
      role: declared.role as MessageEvent['role'],
      parts: declared.parts,
    }),
  ) {
    ({ seq: this.seq, insertedAt: this.insertedAt } = declared);
  }

  get role(): string {
    return this.content.event.role;
  }

  get parts(): readonly Part[] {
    return this.content.event.parts;
  }

  get tokens(): number {
    return 1 + this.parts.length;
  }

  get startsTurn(): boolean {
    return this.content.outline.startsTurn;
  }

  get toolResultCount(): number {
    return this.content.toolResultCount;
  }

  withParts(keep: (part: Part) => boolean): LiveEvent | undefined {
    return this.withContent(this.content.withParts(keep));
  }

  withoutKinds(kinds: readonly string[], follower?: InMemoryEvent): LiveEvent | undefined {
    return this.withContent(this.content.withoutKinds(kinds, follower?.content));
  }

  withReplacedOutputs(text: string, count = Infinity): Promise<LiveEvent> {
    return Promise.resolve(this.withContent(this.content.withReplacedOutputs(text, count)) ?? this);
  }

  private withContent(content: EventContent | undefined): InMemoryEvent | undefined {
    if (!content || content === this.content) return content && this;
    return new InMemoryEvent(this.timeline, this.declared, this.position, content);
  }
}
