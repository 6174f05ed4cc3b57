import { Injectable } from '@nestjs/common';
import { outlineOf, serializeOutline, type ContentForm, type Part } from '@fastpaca/messages';
import { runCooperatively, runToCompletion, type CooperativeTask } from '../common/cooperative-task.js';
import type { RawJson } from '../common/http/body/raw-json.js';
import {
  compactJson,
  member,
  objectMembers,
  objectText,
  type JsonMember,
} from '../common/json/json-scanner.js';
import { MessageTokenCounter } from '../tokens/message-token-counter.js';
import { countedItems } from './counted-items.js';
import type { ValidatedEvent } from './dto/event.schema.js';

/** An event that is ready to be written. */
export interface NewEvent {
  role: string;
  /** Compact JSON text as the caller sent it, without the server's fields; `content` has become `parts`. */
  body: string;
  tokenEstimate: number;
  /** Tokens of each part, then of each of the `tool_calls`; null if there is only one of them. */
  partTokens: number[] | null;
  /** See `serializeOutline` of @fastpaca/messages. */
  outline: string;
  /** No policy and no budget drops it from a window. */
  pinned: boolean;
}

/** Fields that only the server sets. Values that a caller sends for them are dropped. */
const SERVER_FIELDS = ['seq', 'version', 'token_estimate', 'inserted_at'];

/** Turns validated events into what the log stores: their text and their tokens. */
@Injectable()
export class EventNormalizer {
  constructor(private readonly tokenCounter: MessageTokenCounter) {}

  /**
   * @param events accepted by `EventValidator`
   * @param model whose tokens are counted; null for the default tokenizer
   */
  normalizeAll(events: readonly RawJson[], model: string | null): Promise<NewEvent[]> {
    return Promise.all(events.map((event) => this.normalize(event, model)));
  }

  /**
   * @param event accepted by `EventValidator`
   * @param model whose tokens are counted; null for the default tokenizer
   */
  async normalize(event: RawJson, model: string | null): Promise<NewEvent> {
    const value = event.value as ValidatedEvent;
    const { role, token_count: callerCount } = value;
    const pinned = value.pinned === true;
    const { members, body } = event.isLarge
      ? await runCooperatively(storedForm(event))
      : runToCompletion(storedForm(event));
    const parts = storedParts(value);
    const toolCalls: readonly unknown[] = Array.isArray(value.tool_calls) ? value.tool_calls : [];
    const outline = outlineText(value, parts);
    const hasOneItem = parts.length + toolCalls.length === 1;
    // The caller's count replaces the total. The tokens of each item still matter to windows that leave parts out.
    if (hasOneItem && typeof callerCount === 'number')
      return { role, body, tokenEstimate: callerCount, partTokens: null, outline, pinned };
    const counted = await this.tokenCounter.count(role, countedItems(parts, toolCalls, members), model);
    return {
      role,
      body,
      tokenEstimate: callerCount ?? counted.total,
      partTokens: hasOneItem ? null : counted.items,
      outline,
      pinned,
    };
  }
}

/** The parts of the event as it is stored. */
function storedParts({ parts, content }: ValidatedEvent): readonly Part[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return parts ?? content ?? [];
}

/** @param parts those of the stored event */
function outlineText(event: ValidatedEvent, parts: readonly Part[]): string {
  return serializeOutline(outlineOf({ ...event, parts }, contentFormOf(event)));
}

function contentFormOf({ content, parts }: { content?: unknown; parts?: unknown }): ContentForm {
  if (isObjectOrArray(parts) || isObjectOrArray(content)) return 'parts';
  return typeof content === 'string' ? 'string' : content === null ? 'null' : 'absent';
}

function isObjectOrArray(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** The event as it is stored, as members and as text. */
function* storedForm({ value, text }: RawJson): CooperativeTask<{ members: JsonMember[]; body: string }> {
  const { parts, content } = value as ValidatedEvent;
  const compact = compactJson(text);
  yield;
  const sent = objectMembers(compact);
  yield;
  const callerFields = sent.filter(({ key }) => !SERVER_FIELDS.includes(key));
  const members = parts ? callerFields : withContentAsParts(callerFields, content);
  const isUnchanged = members === callerFields && members.length === sent.length;
  const body = isUnchanged ? compact : objectText(members);
  yield;
  return { members, body };
}

/** `content` becomes `parts` at the same position; without it, `parts` is last. */
function withContentAsParts(
  members: readonly JsonMember[],
  content: ValidatedEvent['content'],
): JsonMember[] {
  const parts = { key: 'parts', value: partsText(content, member(members, 'content')) };
  const others = members.filter(({ key }) => key !== 'parts');
  const position = others.findLastIndex(({ key }) => key === 'content');
  if (position === -1) return [...others, parts];
  return others.with(position, parts).filter(({ key }) => key !== 'content');
}

/**
 * JSON text of `parts`: one text part for a text, a list as it was sent, and no part for null.
 *
 * @param sentText compact JSON text of the content
 */
function partsText(content: ValidatedEvent['content'], sentText = '[]'): string {
  if (typeof content !== 'string') return content ? sentText : '[]';
  // Text without escapes is used as it was sent: 36 ms less for 8 MiB.
  const text = sentText.includes('\\') ? JSON.stringify(content) : sentText;
  return `[{"type":"text","text":${text}}]`;
}
