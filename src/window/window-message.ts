import {
  outlineOf,
  type ContentForm,
  type EventOutline,
  type MessageEvent,
  type Reduction,
  type WindowEvent,
} from '@fastpaca/messages';
import type { Compaction, Summary } from '../compaction/compaction.js';
import { isPlainJson, parseWithSource } from '../common/json/json-source.js';
import { arrayElements, member, objectMembers, objectText } from '../common/json/json-scanner.js';
import { jsonValue } from '../common/json/json-value.js';
import { messageJson, summaryMessageJson } from '../events/event-json.js';
import type { EventWithTotal, SeqRange, SharedMessage, StoredEvent } from '../events/stored-event.js';
import { storedOutline } from '../events/stored-outline.js';
import type { Part } from '../policies/timeline.js';

/** The fields of a message of a window. Events may have others. */
export interface WindowMessageFields extends MessageEvent {
  from_seq?: number;
  to_seq?: number;
  parts: Part[];
  id?: string | null;
  metadata?: Record<string, unknown> | null;
  inserted_at: string;
}

interface MessageDetails {
  /** Undefined if it has to be worked out from the text. */
  outline?: EventOutline;
  /** Whether a policy has removed or replaced parts of the event. */
  isReduced?: boolean;
  /** How the caller wrote the content of the event; undefined if unknown. */
  contentForm?: ContentForm | undefined;
  /** Tokens of each part, then of each tool call; null or undefined if they are not known. */
  partTokens?: readonly number[] | null;
  /** Whether `JSON.stringify` writes the message as it is; undefined if nobody has asked yet. */
  isPlainJson?: boolean;
}

/**
 * One message of a window: an event of the log, or a replacement message of a compaction.
 *
 * It holds the message as JSON text. The text is parsed when a field is first read, because the HTTP response needs the text
 * only. Parsed numbers lose spellings such as `1.0`; `json` keeps them.
 */
export class WindowMessage {
  private parsedFields?: WindowMessageFields;

  /**
   * @param seq seq of the event; for a summary, the first seq of its range
   * @param tokens what the message costs, with the parts that it has
   * @param json the message as `GET …/window` returns it, spelled as the event was sent
   * @param summarizedRange the range of the log that the message stands for; undefined for an event of the log
   */
  constructor(
    readonly seq: number,
    readonly tokens: number,
    readonly json: string,
    readonly summarizedRange?: SeqRange,
    private readonly details: MessageDetails = {},
  ) {}

  get role(): string {
    return this.fields.role;
  }

  /** The parts that the policy kept. */
  get parts(): readonly Part[] {
    return this.fields.parts;
  }

  get id(): string | undefined {
    return this.fields.id ?? undefined;
  }

  get metadata(): Readonly<Record<string, unknown>> | undefined {
    return this.fields.metadata ?? undefined;
  }

  /** All fields of the message, such as `tool_calls` or `name`. Do not modify it. */
  get fields(): Readonly<WindowMessageFields> {
    this.parsedFields ??= jsonValue(this.json) as WindowMessageFields;
    return this.parsedFields;
  }

  /** When the event was appended, or the compaction made. */
  get insertedAt(): Date {
    return new Date(this.fields.inserted_at);
  }

  /** @internal Whether a policy or a too small budget has removed or replaced parts of the event. */
  get isReduced(): boolean {
    return this.details.isReduced === true;
  }

  /** @internal Tokens of each part; null or undefined if they are not known. */
  get partTokens(): readonly number[] | null | undefined {
    return this.details.partTokens;
  }

  /** @internal */
  get outline(): EventOutline {
    return (this.details.outline ??= outlineOf(this.fields));
  }

  /** @internal Whether nothing of the message is lost by parsing. */
  get isPlainJson(): boolean {
    return (this.details.isPlainJson ??= isPlainJson(this.json));
  }

  /** @internal The message as @fastpaca/messages reads it. `stringifyWithSource` spells its parts as they were sent. */
  toWindowEvent(): WindowEvent {
    const { isReduced, contentForm } = this.details;
    return {
      seq: this.seq,
      event: (this.isPlainJson ? jsonValue(this.json) : parseWithSource(this.json)) as MessageEvent,
      ...(contentForm && { contentForm }),
      ...(isReduced && { isReduced }),
      ...(this.summarizedRange && { summary: this.summarizedRange }),
    };
  }
}

export function eventMessage(event: EventWithTotal, tokens: number): WindowMessage {
  const shared = (event.message ??= sharedMessage(event));
  return new WindowMessage(event.seq, tokens, shared.json, undefined, shared);
}

function sharedMessage(event: EventWithTotal): SharedMessage {
  const { seq, body, insertedAt, partTokens } = event;
  const outline = storedOutline(event);
  const json = messageJson(seq, body, insertedAt);
  return { json, outline, contentForm: outline.contentForm, partTokens };
}

/**
 * The message of an event whose parts or fields a policy has removed or replaced. Kept parts have their original JSON text.
 *
 * @param partTokens tokens of each part that is left, then of each tool call
 */
export function reducedMessage(
  event: StoredEvent,
  tokens: number,
  reduction: Reduction,
  partTokens: readonly number[],
): WindowMessage {
  const { seq, body, insertedAt } = event;
  const json = messageJson(seq, reducedBody(body, reduction), insertedAt);
  const { contentForm } = storedOutline(event);
  return new WindowMessage(seq, tokens, json, undefined, {
    isReduced: true,
    contentForm,
    partTokens,
  });
}

/** The replacement messages of a compaction. */
export function summaryMessages({ fromSeq, toSeq }: Compaction, summary: Summary): WindowMessage[] {
  const range = { fromSeq, toSeq };
  return summary.messages.map((body, index) => {
    const json = summaryMessageJson(range, body, summary.insertedAt);
    return new WindowMessage(fromSeq, summary.messageTokens[index] ?? 0, json, range);
  });
}

function reducedBody(body: string, { parts, removedFields }: Reduction): string {
  const members = objectMembers(body).filter(({ key }) => !removedFields.includes(key));
  const texts = arrayElements(member(members, 'parts') ?? '[]');
  const kept = parts.map((part) => (typeof part === 'number' ? texts[part] : JSON.stringify(part)));
  const value = `[${kept.join(',')}]`;
  return objectText(members.map((each) => (each.key === 'parts' ? { key: 'parts', value } : each)));
}
