import {
  argumentsObject,
  legalToolName,
  type ArrangedMessage,
  type Item,
  type ToolCallItem,
} from '@fastpaca/messages';
import {
  FunctionMessage,
  mapStoredMessagesToChatMessages,
  type BaseMessage,
  type StoredMessage,
} from '@langchain/core/messages';
import type { Part } from '../types.js';
import { joinTexts, toToolCall, type LangChainToolCall, type MessageFields } from './stored-message.js';

type Data = Record<string, unknown>;

/**
 * The message that a history has stored: the same message, unless a policy has removed parts of it, or a provider would reject it.
 *
 * @param idOf the ids that the calls must have
 * @returns undefined if nothing is left that a model reads
 */
export function restoreMessage(
  message: ArrangedMessage,
  fields: MessageFields,
  idOf: ReadonlyMap<ToolCallItem, string>,
): BaseMessage | undefined {
  if (!message.items.some(isContent)) return undefined;
  const { type, text, data } = fields;
  const blocks = keptParts(message).filter(isOfContent).filter(hasText);
  const calls = type === 'ai' ? new RestoredCalls(message, fields, idOf) : undefined;
  const content = text ? joinTexts(blocks) : (calls?.content(blocks) ?? blocks);
  return fromStored(type, { ...(calls?.fields() ?? data), content });
}

/** The result that a history has stored, as the result of the call with this id. */
export function restoreResult({ content }: Part, { type, data }: MessageFields, callId: string): BaseMessage {
  const blocks = Array.isArray(content) ? (content as Part[]).filter(hasText) : content;
  const isEmptied = Array.isArray(blocks) && blocks.length === 0;
  const fields = { ...data, content: isEmptied ? '' : blocks };
  return fromStored(type, type === 'tool' ? { ...fields, tool_call_id: callId } : fields);
}

/** Whether the call is a `function_call` of OpenAI's older API, whose result is a function message. */
export function isFunctionCall({ source }: ToolCallItem): boolean {
  return source.origin === 'function_call';
}

export function functionMessage(name: string, content: string): BaseMessage {
  return new FunctionMessage({ name, content });
}

function fromStored(type: string, data: Data): BaseMessage {
  const [message] = mapStoredMessagesToChatMessages([{ type, data } as unknown as StoredMessage]);
  return message as BaseMessage;
}

/** Whether a model reads an item; reasoning alone is no message. */
function isContent(item: Item): boolean {
  if (item.kind === 'text') return item.text.trim() !== '';
  return item.kind !== 'reasoning' && item.kind !== 'step';
}

function keptParts({ event, items }: ArrangedMessage): Part[] {
  const indexes = new Set(items.map(({ place }) => place.index));
  return event.parts.filter((_, index) => indexes.has(index));
}

/** A part that was made from another field is no block of the content. Calls that are not valid JSON become `tool_calls`. */
function isOfContent({ type, origin }: Part): boolean {
  return origin === undefined && type !== 'invalid_tool_call';
}

/** Providers reject blank texts. */
function hasText({ type, text }: Part): boolean {
  return type !== 'text' || typeof text !== 'string' || text.trim() !== '';
}

/** The calls of a message of the model. */
class RestoredCalls {
  private readonly calls: readonly ToolCallItem[];
  /** Whether the message had more when it was added. */
  private readonly isReduced: boolean;

  constructor(
    private readonly message: ArrangedMessage,
    private readonly stored: MessageFields,
    private readonly idOf: ReadonlyMap<ToolCallItem, string>,
  ) {
    this.calls = message.items
      .filter((item) => item.kind === 'call')
      .filter((call) => !call.isProviderExecuted && !isFunctionCall(call));
    const { event, isWhole } = message;
    this.isReduced = !isWhole || event.parts.length !== stored.part_count || this.lacksCall();
  }

  /** The blocks with the ids and names that the calls have. */
  content(blocks: readonly Part[]): Part[] | string {
    const callOf = new Map(this.calls.map((call) => [call.source, call]));
    // The calls are in `tool_calls`, too. Providers that read only those would have an empty list as content.
    if (this.isReduced && blocks.every((block) => callOf.has(block))) return '';
    return blocks.map((block) => {
      const call = callOf.get(block);
      if (!call) return block;
      const { id, name } = this.identity(call);
      return id === block.id && name === block.name ? block : { ...block, id, name };
    });
  }

  /** The other fields of the message. Those that repeat its calls for one provider must not say anything else. */
  fields(): Data {
    const { data } = this.stored;
    const toolCalls = this.calls.map((call) => this.toolCall(call)).sort((a, b) => a.order - b.order);
    const hasInvalid = Array.isArray(data.invalid_tool_calls) && data.invalid_tool_calls.length > 0;
    const restored = {
      ...data,
      tool_calls: toolCalls.map(({ toolCall }) => toolCall),
      ...(hasInvalid && { invalid_tool_calls: [] }),
    };
    const isSame = !this.isReduced && toolCalls.every((each) => each.isSame);
    return isSame ? restored : withoutRawCalls(restored, this.message);
  }

  private identity(call: ToolCallItem): { id: string | undefined; name: string } {
    return { id: this.idOf.get(call), name: legalToolName(call.name) };
  }

  private toolCall(call: ToolCallItem): { toolCall: LangChainToolCall; isSame: boolean; order: number } {
    const { source } = call;
    const listed = this.stored.tool_calls ?? [];
    const index = listed.findIndex(({ id }) => id === call.id);
    const own = source.origin === 'tool_calls' ? toToolCall(source as Part) : listed[index];
    const { id, name } = this.identity(call);
    if (!own) {
      const toolCall = {
        type: 'tool_call' as const,
        name,
        args: argumentsObject(call),
        ...(id !== undefined && { id }),
      };
      return { toolCall, isSame: false, order: Infinity };
    }
    const isSame = own.id === id && own.name === name;
    const toolCall = isSame ? own : { ...own, name, ...(id !== undefined && { id }) };
    return { toolCall, isSame, order: index === -1 ? Infinity : index };
  }

  private lacksCall(): boolean {
    const { tool_calls: raw } = (this.stored.data.additional_kwargs ?? {}) as { tool_calls?: unknown };
    const ids = new Set<unknown>(this.calls.map(({ id }) => id));
    return Array.isArray(raw) && raw.some((call: { id?: unknown }) => !ids.has(call.id));
  }
}

/** Without what OpenAI has answered beside the content: calls and reasoning that belong to the message as it was. */
function withoutRawCalls(data: Data, { items }: ArrangedMessage): Data {
  const { additional_kwargs: kwargs, response_metadata: metadata, id, ...others } = data;
  const {
    tool_calls: _1,
    function_call: functionCall,
    reasoning: _2,
    tool_outputs: _3,
    __raw_response: _4,
    ...rest
  } = (kwargs ?? {}) as Data;
  const hasFunctionCall = items.some((item) => item.kind === 'call' && isFunctionCall(item));
  const { output: _5, ...restOfMetadata } = (metadata ?? {}) as Data;
  return {
    ...others,
    ...(!String(id).startsWith('msg_') && { id }),
    additional_kwargs: {
      ...Object.fromEntries(Object.entries(rest).filter(([key]) => !key.startsWith('__openai_'))),
      ...(hasFunctionCall && { function_call: functionCall }),
    },
    response_metadata: restOfMetadata,
  };
}
