import { orphanedResult, missingResult, replaceIllFormedText } from '../repair.js';
import type { Item, ToolCallItem, ToolResultItem } from '../items.js';
import type { Repair, WindowEvent } from '../window-event.js';
import { pairTools, readWindow, type ToolPairs } from '../window-items.js';
import { leftOut } from './left-out.js';
import { contentBlock, outputContent, type Fields } from './openai-responses-content.js';
import { ResponsesCalls } from './openai-responses-calls.js';
import { withoutId, type NativeItem } from './openai-responses-items.js';
import { piecesOf, type Piece } from './openai-responses-pieces.js';
import { AnswerReasoning } from './openai-responses-reasoning.js';

/**
 * Renders a window as the `input` of OpenAI Responses, in the order of the log: the output of a tool may stand anywhere after
 * its call.
 *
 * Items of OpenAI are sent back as they are. A reasoning item is sent only together with the item of the model that directly
 * follows it. An item of the model whose reasoning may be missing is sent without its id, because OpenAI looks for the reasoning
 * of an item by its id; if the item needs an id, it is converted or left out.
 */
export function renderOpenAiResponses(messages: readonly WindowEvent[]): {
  prompt: { input: object[] };
  repairs: Repair[];
} {
  const repairs: Repair[] = [];
  const read = readWindow(replaceIllFormedText(messages, repairs));
  const pieces = piecesOf(read);
  const writer = new ResponsesWriter(pieces, pairTools(read), repairs);
  for (const [index, piece] of pieces.entries()) writer.add(piece, index);
  return { prompt: { input: writer.finish() }, repairs };
}

class ResponsesWriter {
  private readonly input: Fields[] = [];
  private readonly calls: ResponsesCalls;
  /** Outputs that are added for calls without one: they follow the items that the model wrote together with the call. */
  private pending: (() => Fields)[] = [];
  private readonly reasoning = new AnswerReasoning();
  /** OpenAI rejects an item whose id it has seen ("Duplicate item found with id"). */
  private readonly usedIds = new Set<unknown>();

  constructor(
    private readonly pieces: readonly Piece[],
    private readonly pairs: ToolPairs,
    private readonly repairs: Repair[],
  ) {
    this.calls = new ResponsesCalls(pieces, pairs, repairs);
  }

  add(piece: Piece, index: number): void {
    const { native, items } = piece;
    const [first] = items;
    if (piece.isAfterGap) this.reasoning.cut();
    this.reportName(piece);
    if (first?.kind === 'reasoning') this.addReasoning(piece, first, index);
    else if (native && this.canSend(piece, native)) this.addNative(piece, native);
    else this.addConverted(piece);
  }

  finish(): Fields[] {
    this.addPendingOutputs();
    return this.input;
  }

  private addReasoning({ seq, native }: Piece, item: Item, index: number): void {
    const isKept = native && !this.isUsed(native) && this.isFollowedByItsItem(index);
    if (isKept) {
      this.reasoning.send(native.value.id !== undefined);
      this.pushModelItem(native.value);
    } else if (native) {
      this.reasoning.lose();
      this.repairs.push(leftOut(seq, item, 'the item that it belongs to does not follow'));
    } else {
      this.reasoning.cut();
      this.repairs.push(leftOut(seq, item, 'OpenAI does not accept it back'));
    }
  }

  /** Other reasoning may stand between. */
  private isFollowedByItsItem(index: number): boolean {
    let end = index + 1;
    while (this.pieces[end]?.items[0]?.kind === 'reasoning') end += 1;
    const follower = this.pieces[end];
    const isDirect = this.pieces
      .slice(index + 1, end + 1)
      .every(({ isAfterGap, native }) => !isAfterGap && native && !this.isUsed(native));
    if (!follower?.native || !isDirect) return false;
    const { value, author, needsId } = follower.native;
    const hasId = this.pieces[end - 1]?.native?.value.id !== undefined;
    if (needsId && !hasId) return false;
    // A message that has only text may come from anywhere.
    const isItem = author === 'model' && (value.type !== undefined || typeof value.content !== 'string');
    return isItem && this.calls.isNativelySent(follower);
  }

  private isUsed({ value }: NativeItem): boolean {
    return value.id !== undefined && this.usedIds.has(value.id);
  }

  private canSend(piece: Piece, native: NativeItem): boolean {
    if (!this.calls.isNativelySent(piece)) return false;
    const isResult = piece.items[0]?.kind === 'result';
    return isResult || !native.needsId || !this.mustLoseId(native);
  }

  private mustLoseId(native: NativeItem): boolean {
    return (native.author === 'model' && this.reasoning.mustLoseId(native.needsId)) || this.isUsed(native);
  }

  private addNative({ seq, items }: Piece, native: NativeItem): void {
    const [first] = items;
    if (first?.kind === 'result' && items.length === 1) {
      this.addResult(seq, first, native);
      return;
    }
    const losesId = native.value.id !== undefined && this.mustLoseId(native);
    const value = losesId ? withoutId(native.value) : native.value;
    if (losesId)
      this.repairs.push({ code: 'left_out', seq, action: 'left out the id: its reasoning may be missing' });
    this.calls.remember(value);
    if (native.author === 'caller') this.pushCallerItem(value);
    else this.pushModelItem(first?.kind === 'call' ? this.calls.sendNative(first, seq, value) : value);
    if (first?.kind === 'call') this.answer(first, seq);
  }

  private addConverted(piece: Piece): void {
    const { items, seq } = piece;
    const content = items.filter(({ kind }) => kind === 'text' || kind === 'media');
    if (content.length > 0) this.addMessage(piece, content);
    for (const item of items) {
      if (item.kind === 'call') this.addCall(piece, item);
      else if (item.kind === 'result') this.addResult(seq, item, undefined);
      else if (item.kind === 'opaque')
        this.repairs.push(leftOut(seq, item, 'OpenAI does not accept it here'));
    }
  }

  private addMessage({ role, seq, contentForm, isWhole, items }: Piece, content: readonly Item[]): void {
    const isAssistant = role === 'assistant';
    const blocks = content.flatMap((item): Fields[] => {
      const block = contentBlock(item, isAssistant);
      if (!block) this.repairs.push(leftOut(seq, item, 'OpenAI does not accept it here'));
      return block ? [block] : [];
    });
    const isBlank = blocks.every(({ text }) => text === '');
    if (blocks.length === 0 || (isBlank && !isWhole)) return;
    const [only] = items;
    const isString =
      items.length === 1 && only?.kind === 'text' && !only.isRefusal && contentForm !== 'parts';
    const message = { role, content: isString ? only.text : blocks };
    if (isAssistant) this.pushModelItem(message);
    else this.pushCallerItem(message);
  }

  private addCall(piece: Piece, call: ToolCallItem): void {
    const isAnswered = this.pairs.resultOf.has(call);
    if (call.isProviderExecuted && !isAnswered) {
      this.repairs.push(leftOut(piece.seq, call, 'its provider executes it, and its result is not known'));
      return;
    }
    this.pushModelItem(this.calls.send(call, piece.seq));
    this.answer(call, piece.seq);
  }

  /** Adds an output if the caller runs the tool and has recorded none. */
  private answer(call: ToolCallItem, seq: number): void {
    if (call.isProviderExecuted || this.pairs.resultOf.has(call)) return;
    this.repairs.push(missingResult(seq, call));
    this.pending.push(() => this.calls.answer(call));
  }

  private addResult(seq: number, item: ToolResultItem, native: NativeItem | undefined): void {
    const call = this.pairs.callOf.get(item);
    if (!call) {
      this.repairs.push(orphanedResult(seq, item.callId));
      return;
    }
    const value = this.calls.answerWith(call, native, () =>
      outputContent(item, () =>
        this.repairs.push(leftOut(seq, item, 'OpenAI does not accept this kind of media')),
      ),
    );
    if (!value) this.repairs.push(leftOut(seq, item, 'its call was left out'));
    else if (!call.isProviderExecuted) this.pushCallerItem(value);
    else {
      this.pushModelItem(value);
      // The next items belong to the same answer, but they follow an output in a form that OpenAI itself does not write.
      if (native?.value !== value) this.reasoning.cut();
    }
  }

  private reportName({ seq, items, source }: Piece): void {
    const isMessage = items[0]?.kind === 'text' || items[0]?.kind === 'media';
    if (isMessage && Array.isArray(source.parts) && typeof source.name === 'string')
      this.repairs.push({ code: 'left_out', seq, action: 'left out the name: the format has no such field' });
  }

  private pushModelItem(item: Fields): void {
    this.usedIds.add(item.id);
    this.input.push(item);
  }

  /** What the caller wrote ends an answer of the model: what follows is another answer, with its own reasoning. */
  private pushCallerItem(item: Fields): void {
    this.addPendingOutputs();
    this.usedIds.add(item.id);
    this.input.push(item);
    this.reasoning.endAnswer();
  }

  private addPendingOutputs(): void {
    this.input.push(...this.pending.map((write) => write()));
    this.pending = [];
  }
}
