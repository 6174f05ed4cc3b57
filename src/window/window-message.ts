import type { Compaction, Summary } from '../compaction/compaction.js';
import { arrayElements, member, objectMembers } from '../common/json/json-scanner.js';
import { jsonValue } from '../common/json/json-value.js';
import { messageJson } from '../events/event-json.js';
import type { SeqRange, StoredEvent } from '../events/stored-event.js';
import type { Part } from '../policies/timeline.js';

/** The fields of a message as its JSON text has them. */
interface MessageFields {
  role: string;
  parts: Part[];
  id?: string;
  metadata?: Record<string, unknown>;
  inserted_at: string;
}

/**
 * One message of a window: an event of the log, or a replacement message of a compaction.
 *
 * It holds the message as JSON text. The text is parsed when `role`, `parts`, `id`, `metadata` or `insertedAt` is first
 * read, because the HTTP response needs the text only. Parsed numbers lose spellings such as `1.0`; `json` keeps them.
 */
export class WindowMessage {
  private parsedFields?: MessageFields;

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
  ) {}

  get role(): string {
    return this.fields.role;
  }

  /** The parts that the policy kept. */
  get parts(): readonly Part[] {
    return this.fields.parts;
  }

  get id(): string | undefined {
    return this.fields.id;
  }

  get metadata(): Readonly<Record<string, unknown>> | undefined {
    return this.fields.metadata;
  }

  /** When the event was appended, or the compaction made. */
  get insertedAt(): Date {
    return new Date(this.fields.inserted_at);
  }

  private get fields(): MessageFields {
    this.parsedFields ??= jsonValue(this.json) as MessageFields;
    return this.parsedFields;
  }
}

/** The texts of whole events as messages, kept as long as the events themselves, which `RecentEventsCache` holds. */
const eventTexts = new WeakMap<StoredEvent, string>();

/** @param partIndexes the parts to keep, if a policy removed some */
export function eventMessage(
  event: StoredEvent,
  tokens: number,
  partIndexes?: readonly number[],
): WindowMessage {
  const { seq, body, insertedAt } = event;
  if (partIndexes) {
    const json = messageJson({ seq }, body, insertedAt, partsText(body, partIndexes));
    return new WindowMessage(seq, tokens, json);
  }
  let json = eventTexts.get(event);
  if (json === undefined) {
    json = messageJson({ seq }, body, insertedAt);
    eventTexts.set(event, json);
  }
  return new WindowMessage(seq, tokens, json);
}

/** The replacement messages of a compaction. */
export function summaryMessages({ fromSeq, toSeq }: Compaction, summary: Summary): WindowMessage[] {
  const seqs = { seq: fromSeq, from_seq: fromSeq, to_seq: toSeq };
  return summary.messages.map((body, index) => {
    const json = messageJson(seqs, body, summary.insertedAt);
    return new WindowMessage(fromSeq, summary.messageTokens[index] ?? 0, json, { fromSeq, toSeq });
  });
}

function partsText(body: string, partIndexes: readonly number[]): string {
  const parts = arrayElements(member(objectMembers(body), 'parts') ?? '[]');
  return `[${partIndexes.map((index) => parts[index]).join(',')}]`;
}
