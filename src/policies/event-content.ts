import {
  isWhole,
  outlineOf,
  readItems,
  reducedEvent,
  withoutKinds,
  withReplacedOutputs,
  type EventOutline,
  type MessageEvent,
  type Reduction,
} from '@fastpaca/messages';
import type { Part } from './timeline.js';

/** The content of a live event, whole or with what a policy has left of it. */
export class EventContent {
  /** What is left of `whole`. */
  readonly event: MessageEvent;
  private ownOutline?: EventOutline;

  /** @param reduction undefined if all is left */
  constructor(
    readonly whole: MessageEvent,
    readonly reduction?: Reduction,
    outline?: EventOutline,
  ) {
    this.event = reduction ? reducedEvent(whole, reduction) : whole;
    if (outline) this.ownOutline = outline;
  }

  get outline(): EventOutline {
    return (this.ownOutline ??= outlineOf(this.event));
  }

  get toolResultCount(): number {
    return this.outline.tools.filter(({ kind }) => kind === 'result').length;
  }

  /** See `LiveEvent.withParts`. @returns this content if nothing is removed */
  withParts(keep: (part: Part) => boolean): EventContent | undefined {
    const { parts } = this.event;
    const kept = [...parts.keys()].filter((index) => keep(parts[index] as Part));
    if (kept.length === 0 && parts.length > 0 && !this.hasContentBesideParts()) return undefined;
    return this.reduced({ parts: kept, removedFields: [] });
  }

  /** See `LiveEvent.withoutKinds`. @returns this content if nothing is removed */
  withoutKinds(kinds: readonly string[], follower: EventContent | undefined): EventContent | undefined {
    const reduction = withoutKinds(this.event, kinds, follower?.event);
    return reduction && this.reduced(reduction);
  }

  /** See `LiveEvent.withReplacedOutputs`. @returns this content if it has no tool result */
  withReplacedOutputs(text: string, count: number): EventContent {
    return this.reduced(withReplacedOutputs(this.event, text, count));
  }

  /** Such as tool calls of OpenAI Chat. */
  private hasContentBesideParts(): boolean {
    return readItems(this.event).some(({ place }) => place.field !== 'parts' && place.field !== 'event');
  }

  private reduced(reduction: Reduction): EventContent {
    if (isWhole(this.event, reduction)) return this;
    // Indexes of the reduction are those of `event`; the new ones must be those of `whole`.
    const before = this.reduction?.parts ?? [...this.whole.parts.keys()];
    const parts = reduction.parts.map((part) => (typeof part === 'number' ? (before[part] ?? part) : part));
    const removedFields = [...(this.reduction?.removedFields ?? []), ...reduction.removedFields];
    return new EventContent(this.whole, { parts, removedFields });
  }
}
