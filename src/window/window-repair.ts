import {
  needsRepair,
  repairWindow,
  type Repair,
  type RepairedMessage,
  type WindowEvent,
} from '@fastpaca/messages';
import { stringifyWithSource } from '../common/json/json-source.js';
import { reducedTokens } from './reduced-tokens.js';
import { WindowMessage } from './window-message.js';

/** Tokens of the results that a repair adds. */
export interface AddedTokens {
  /** Of a message without its parts, by role. */
  base: ReadonlyMap<string, number>;
  /** Of the text of one result. */
  result: number;
}

export interface RepairedMessages {
  messages: readonly WindowMessage[];
  repairs: readonly Repair[];
}

/** Repairs what every provider rejects: see `repairWindow`. Parses no message if there is nothing to repair. */
export function repairMessages(messages: readonly WindowMessage[], tokens: AddedTokens): RepairedMessages {
  // Positions stand for seqs, because the messages of a summary share theirs.
  const outlined = messages.map(({ outline }, index) => ({ seq: index, outline }));
  if (!needsRepair(outlined)) return { messages, repairs: [] };
  const events = messages.map((message) => message.toWindowEvent());
  const { messages: repaired, repairs } = repairWindow(events);
  const written = repaired.flatMap((each) => {
    const [original, source] = [messages[each.index], events[each.index]];
    if (!original || !source) return [];
    if (each.isAdded) return [addedMessage(each, original, tokens)];
    return [each.event === source.event ? original : changedMessage(each, original, source, tokens)];
  });
  return { messages: written, repairs };
}

/** A result that was not recorded. It takes seq and time of the message with the call. */
function addedMessage(
  { event }: RepairedMessage,
  { seq, fields, summarizedRange }: WindowMessage,
  { base, result }: AddedTokens,
): WindowMessage {
  const { from_seq, to_seq, inserted_at } = fields;
  const json = stringifyWithSource({ seq, from_seq, to_seq, ...event, inserted_at });
  const tokens = (base.get(event.role) ?? 0) + result * event.parts.length;
  return new WindowMessage(seq, tokens, json, summarizedRange);
}

function changedMessage(
  { event }: RepairedMessage,
  { seq, role, tokens, partTokens, summarizedRange }: WindowMessage,
  source: WindowEvent,
  { base }: AddedTokens,
): WindowMessage {
  const kept = new Set(event.parts);
  const isShorter = event.parts.length < source.event.parts.length;
  // The counts of tool calls beside the parts follow those of the parts: they stay.
  const left = (partTokens ?? []).filter((_, index) => {
    const part = isShorter ? source.event.parts[index] : undefined;
    return !part || kept.has(part);
  });
  const total = (counts: readonly number[]) =>
    counts.reduce((sum, count) => sum + count, base.get(role) ?? 0);
  return new WindowMessage(
    seq,
    reducedTokens(source.event, tokens, total(partTokens ?? []), total(left)),
    stringifyWithSource(event),
    summarizedRange,
  );
}
