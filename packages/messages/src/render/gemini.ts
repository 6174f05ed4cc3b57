import type { Item, MediaItem, ReasoningItem, ToolCallItem, ToolResultItem } from '../items.js';
import type { Repair, WindowEvent } from '../window-event.js';
import { arrange, type ArrangedMessage, type Arrangement } from './arrange.js';
import {
  functionCallPart,
  functionResponsePart,
  geminiToolName,
  mediaPart,
  thoughtSignature,
} from './gemini-parts.js';
import { leftOut } from './left-out.js';
import { CONTINUE_TEXT, splitLeadingSystem, systemAsUserText, userMessageAdded } from './system-text.js';
import { outputMedia } from './tool-texts.js';

type Fields = Record<string, unknown>;

/**
 * What Google documents for calls that another model made: from Gemini 3 on, the first call of each step needs a signature.
 *
 * @see https://ai.google.dev/gemini-api/docs/thought-signatures
 */
const NO_SIGNATURE = 'skip_thought_signature_validator';

interface Turn {
  /** The role of a response is `user` for Gemini. */
  role: 'user' | 'model' | 'response';
  parts: Fields[];
}

/** Renders a window as `systemInstruction` and `contents` of Gemini's `generateContent`. */
export function renderGemini(messages: readonly WindowEvent[]): {
  prompt: { systemInstruction?: { parts: { text: string }[] }; contents: object[] };
  repairs: Repair[];
} {
  const arrangement = arrange(messages, () => false);
  const { leading, rest } = splitLeadingSystem(arrangement.messages);
  const systemParts = systemTexts(leading, arrangement.repairs);
  const writer = new GeminiWriter(arrangement);
  for (const message of rest) writer.add(message);
  const contents = writer.finish(systemParts.length > 0);
  const system = systemParts.length > 0 ? { systemInstruction: { parts: systemParts } } : {};
  return { prompt: { ...system, contents }, repairs: arrangement.repairs };
}

function systemTexts(messages: readonly ArrangedMessage[], repairs: Repair[]): { text: string }[] {
  return messages.flatMap(({ items, seq }) =>
    items.flatMap((item) => {
      if (item.kind === 'text') return item.text === '' ? [] : [{ text: item.text }];
      repairs.push(leftOut(seq, item, 'a system text has text only'));
      return [];
    }),
  );
}

class GeminiWriter {
  private readonly turns: Turn[] = [];
  private readonly callOf: ReadonlyMap<ToolResultItem, ToolCallItem>;
  private readonly repairs: Repair[];
  private readonly firstSeq: number;
  private lastSeq: number;
  /** The calls of the last turn, in order, and their results. */
  private readonly results = new Map<ToolCallItem, { seq: number; result?: ToolResultItem }>();

  constructor({ callOf, repairs, messages }: Arrangement) {
    this.callOf = callOf;
    this.repairs = repairs;
    this.firstSeq = this.lastSeq = messages[0]?.seq ?? 0;
  }

  add(message: ArrangedMessage): void {
    this.lastSeq = message.seq;
    if (message.role === 'tool') {
      this.collectResults(message);
      return;
    }
    this.flushResults();
    if (message.role === 'system') this.push('user', systemPart(message));
    else if (message.role === 'user') this.push('user', this.parts(message));
    else this.push('model', this.parts(message));
  }

  /** The contents. The first has the role `user`; the last has the role `user` or holds function responses. */
  finish(hasSystem: boolean): Fields[] {
    this.flushResults();
    if (this.turns.length === 0 && !hasSystem) return [];
    if (this.turns[0]?.role !== 'user') this.turns.unshift(this.continueTurn(this.firstSeq));
    if (this.turns.at(-1)?.role === 'model') this.turns.push(this.continueTurn(this.lastSeq));
    return this.turns.map(({ role, parts }) => ({ role: role === 'model' ? role : 'user', parts }));
  }

  private continueTurn(seq: number): Turn {
    this.repairs.push(userMessageAdded(seq));
    return { role: 'user', parts: [{ text: CONTINUE_TEXT }] };
  }

  /** Adjacent messages of one role are one turn. */
  private push(role: Turn['role'], parts: readonly Fields[]): void {
    if (parts.length === 0) return;
    const last = this.turns.at(-1);
    if (last?.role === role) last.parts.push(...parts);
    else this.turns.push({ role, parts: [...parts] });
  }

  private parts(message: ArrangedMessage): Fields[] {
    const parts = message.items.flatMap((item): Fields[] => {
      const part = this.part(item, message);
      return part ? [part] : [];
    });
    const first = parts.find(({ functionCall }) => functionCall !== undefined);
    if (first) first.thoughtSignature ??= NO_SIGNATURE;
    return parts;
  }

  private part(item: Item, message: ArrangedMessage): Fields | undefined {
    const { role, seq } = message;
    switch (item.kind) {
      case 'text':
        return textPart(item.text, item.source);
      case 'reasoning':
        return thoughtPart(item) ?? this.leaveOut(seq, item, 'it has no signature of Gemini');
      case 'media':
        return this.media(item, message);
      case 'call':
        return role === 'assistant' ? this.call(item, seq) : undefined;
      case 'opaque':
        return this.leaveOut(seq, item, 'the format has no such part');
      default:
        return undefined;
    }
  }

  private media(item: MediaItem, { role, seq }: ArrangedMessage): Fields | undefined {
    const part = mediaPart(item.media);
    // A model writes images, and no links to files.
    if (!part || (role === 'assistant' && part.fileData !== undefined))
      return this.leaveOut(seq, item, 'Gemini does not accept it here');
    return signed(part, item.source);
  }

  private call(call: ToolCallItem, seq: number): Fields {
    this.results.set(call, { seq });
    if (geminiToolName(call.name) !== call.name) {
      const id = call.id === undefined ? {} : { call_id: call.id };
      this.repairs.push({ code: 'renamed', seq, ...id, action: 'made the name of the call legal' });
    }
    // A signature of a tool that Google runs is not one of a function.
    const source = call.isProviderExecuted ? {} : call.source;
    return signed(functionCallPart(call), source);
  }

  private collectResults({ items, seq }: ArrangedMessage): void {
    for (const item of items) {
      const call = item.kind === 'result' ? this.callOf.get(item) : undefined;
      if (call && item.kind === 'result') this.results.set(call, { seq, result: item });
      else this.leaveOut(seq, item, 'the format has no such part');
    }
  }

  /** A turn with the responses in the order of the calls; then the media of the results, as a turn of the user. */
  private flushResults(): void {
    const answered = [...this.results].flatMap(([call, { seq, result }]) =>
      result ? [{ call, seq, result }] : [],
    );
    this.results.clear();
    this.push(
      'response',
      answered.map(({ call, result }) => functionResponsePart(call, result)),
    );
    this.push(
      'user',
      answered.flatMap(({ call, seq, result }) => this.mediaOf(call, seq, result)),
    );
  }

  private mediaOf(call: ToolCallItem, seq: number, result: ToolResultItem): Fields[] {
    const parts = outputMedia(result).map(mediaPart);
    if (parts.includes(undefined)) this.leaveOut(seq, result, 'Gemini does not read this kind of media');
    const known = parts.filter((part) => part !== undefined);
    return known.length > 0 ? [{ text: `Output of the tool ${geminiToolName(call.name)}:` }, ...known] : [];
  }

  private leaveOut(seq: number, item: Item, reason: string): Fields | undefined {
    this.repairs.push(leftOut(seq, item, reason));
    return undefined;
  }
}

function systemPart(message: ArrangedMessage): Fields[] {
  const hasText = message.items.some((item) => item.kind === 'text' && item.text.trim() !== '');
  return hasText ? [{ text: systemAsUserText(message) }] : [];
}

/** Gemini rejects an empty text, except with a signature. */
function textPart(text: string, source: Fields): Fields | undefined {
  const part = signed({ text }, source);
  return text === '' && part.thoughtSignature === undefined ? undefined : part;
}

/** A thought that Gemini wrote, as the AI SDK stores it. */
function thoughtPart({ text, source }: ReasoningItem): Fields | undefined {
  const signature = thoughtSignature(source);
  return signature !== undefined && text !== ''
    ? { text, thought: true, thoughtSignature: signature }
    : undefined;
}

function signed(part: Fields, source: Fields): Fields {
  const signature = thoughtSignature(source);
  return signature === undefined ? part : { ...part, thoughtSignature: signature };
}
