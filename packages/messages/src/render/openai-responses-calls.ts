import { isObject } from '../event.js';
import type { Item, ToolCallItem } from '../items.js';
import { NO_RESULT_TEXT, syntheticResults } from '../synthetic-result.js';
import { UniqueIds } from '../unique-ids.js';
import type { Repair } from '../window-event.js';
import type { ToolPairs } from '../window-items.js';
import { renamedCall, uniqueCallId } from './call-ids.js';
import type { Fields } from './openai-responses-content.js';
import type { NativeItem } from './openai-responses-items.js';
import type { Piece } from './openai-responses-pieces.js';
import { legalToolName } from './tool-names.js';
import { argumentsText } from './tool-texts.js';

/** OpenAI rejects longer ids of tool calls. */
const MAX_CALL_ID_LENGTH = 64;

/** The calls whose output is an item of a type of its own, with the type of that item. */
const OUTPUT_TYPES = new Map([
  ['computer_call', 'computer_call_output'],
  ['shell_call', 'shell_call_output'],
  ['local_shell_call', 'local_shell_call_output'],
  ['apply_patch_call', 'apply_patch_call_output'],
  ['tool_search_call', 'tool_search_output'],
  ['program', 'program_output'],
]);

/** How a call was sent: as a function, as a custom tool, or as an item with an output of its own type. */
interface SentCall {
  id: string;
  form: 'function_call' | 'custom_tool_call' | 'other';
}

/** Sends the calls of a window and their outputs: an output has the form of its call. */
export class ResponsesCalls {
  private readonly sent = new Map<ToolCallItem, SentCall>();
  /** OpenAI binds calls and outputs one to one: an id must not repeat. */
  private readonly uniqueIds = new UniqueIds('_', MAX_CALL_ID_LENGTH);
  private readonly programIds = new Set<unknown>();
  private readonly requestIds = new Set<unknown>();
  private readonly answeredRequests: ReadonlySet<unknown>;
  private readonly pieceOf: ReadonlyMap<Item, Piece>;
  private readonly lastPiece: Piece | undefined;

  constructor(
    pieces: readonly Piece[],
    private readonly pairs: ToolPairs,
    private readonly repairs: Repair[],
  ) {
    this.pieceOf = new Map(pieces.flatMap((piece) => piece.items.map((item) => [item, piece] as const)));
    this.lastPiece = pieces.at(-1);
    const responses = pieces.filter(({ source }) => source.type === 'mcp_approval_response');
    this.answeredRequests = new Set(responses.map(({ source }) => source.approval_request_id));
  }

  /** Whether OpenAI accepts an item as it was stored, together with the output, request or program that it belongs to. */
  isNativelySent(piece: Piece): boolean {
    const { items, source, native, isInOpenTurn } = piece;
    const [first] = items;
    if (!native) return false;
    if (first?.kind === 'call') return this.hasItsProgram(source) && this.isAnswerable(first, isInOpenTurn);
    if (source.type === 'mcp_approval_request') return this.answeredRequests.has(source.id);
    if (source.type === 'mcp_approval_response') return this.requestIds.has(source.approval_request_id);
    // OpenAI accepts it at the end only.
    return source.type !== 'compaction_trigger' || piece === this.lastPiece;
  }

  /** @param value the item of the call, as it was stored */
  sendNative(call: ToolCallItem, seq: number, value: Fields): Fields {
    const { type } = value;
    // A call that OpenAI runs by itself has no id for its output.
    if (typeof value.call_id !== 'string') {
      this.sent.set(call, { id: '', form: 'other' });
      return value;
    }
    const isOrdinary = type === 'function_call' || type === 'custom_tool_call';
    const { id } = this.open(call, seq, isOrdinary ? type : 'other');
    this.repairs.push(...renamedCall(call, seq, id, call.name));
    return id === value.call_id ? value : { ...value, call_id: id };
  }

  /** Sends a call that was not stored as an item of OpenAI Responses. */
  send(call: ToolCallItem, seq: number): Fields {
    const custom = customInput(call);
    const form = custom === undefined ? 'function_call' : 'custom_tool_call';
    const { id } = this.open(call, seq, form);
    const name = legalToolName(call.name);
    this.repairs.push(...renamedCall(call, seq, id, name));
    const common = { type: form, call_id: id, name };
    return custom === undefined
      ? { ...common, arguments: argumentsText(call) }
      : { ...common, input: custom };
  }

  /** The output that is added for a call without one. */
  answer(call: ToolCallItem): Fields {
    const { id, form } = this.sent.get(call) ?? { id: '', form: 'function_call' };
    if (form !== 'other') return { type: `${form}_output`, call_id: id, output: NO_RESULT_TEXT };
    return syntheticResults([{ ...call, id }])[0]?.parts[0] ?? {};
  }

  /**
   * The output of a call.
   *
   * @param native the output as it was stored, if it is an item of OpenAI Responses
   * @param convert writes the output if it was stored in another dialect, or as an item of another type than the call needs
   * @returns undefined if the call was left out
   */
  answerWith(
    call: ToolCallItem,
    native: NativeItem | undefined,
    convert: () => string | Fields[],
  ): Fields | undefined {
    const sent = this.sent.get(call);
    if (!sent) return undefined;
    const { id, form } = sent;
    const isNative = native && (form === 'other' || native.value.type === `${form}_output`);
    if (!isNative) return { type: `${form}_output`, call_id: id, output: convert() };
    const key = native.value.type === 'local_shell_call_output' ? 'id' : 'call_id';
    const isUnchanged = typeof native.value[key] !== 'string' || native.value[key] === id;
    return isUnchanged ? native.value : { ...native.value, [key]: id };
  }

  /** Notes an item that was sent as it was stored, because later items may refer to it. */
  remember({ type, id, call_id: callId }: Fields): void {
    if (type === 'program') this.programIds.add(callId);
    if (type === 'mcp_approval_request') this.requestIds.add(id);
  }

  /** Functions that a program of the model calls need the program. */
  private hasItsProgram({ caller }: Fields): boolean {
    return !isObject(caller) || caller.type !== 'program' || this.programIds.has(caller.caller_id);
  }

  private isAnswerable(call: ToolCallItem, isInOpenTurn: boolean): boolean {
    const outputType = OUTPUT_TYPES.get(String(call.source.type));
    if (outputType === undefined) return true;
    if (typeof call.source.call_id !== 'string' && !call.isProviderExecuted) return false;
    const result = this.pairs.resultOf.get(call);
    if (!result) return !call.isProviderExecuted || isInOpenTurn;
    return result.source.type === outputType && this.pieceOf.get(result)?.native !== undefined;
  }

  private open(call: ToolCallItem, seq: number, form: SentCall['form']): SentCall {
    const sent = { id: uniqueCallId(call, seq, this.uniqueIds), form };
    this.sent.set(call, sent);
    return sent;
  }
}

/** The input of a custom tool of OpenAI, which is a text. */
function customInput({ source, input }: ToolCallItem): string | undefined {
  const custom = source.type === 'custom' && isObject(source.custom) ? source.custom : undefined;
  if (custom) return typeof custom.input === 'string' ? custom.input : JSON.stringify(input);
  if (source.type !== 'custom_tool_call') return undefined;
  return typeof source.input === 'string' ? source.input : JSON.stringify(input);
}
