import { joinTexts, textOf, toUrl, type Part, type Role } from './message.js';
import { toModelPart } from './model-parts.js';
import { ToolPairing } from './tool-pairing.js';
import { isUiToolPart, toolCallOf, toolResultOf, type ToolResult } from './tool-parts.js';

/** A `UIMessage` of the AI SDK. */
export interface UiMessage {
  id: string;
  role: 'system' | 'user' | 'assistant';
  metadata?: unknown;
  parts: Part[];
}

/** A message of a window. */
interface WindowMessage {
  seq: number;
  role: Exclude<Role, 'developer'>;
  parts: readonly Part[];
  id?: string;
  metadata?: Record<string, unknown>;
}

/** Calls are `tool-NAME` parts of UI messages. Each one receives its result when that is found. */
type UiToolPairing = ToolPairing<Part>;

/**
 * Converts the messages of a window to `UIMessage`s that convert to valid model messages on every major version of the AI SDK.
 *
 * Events may have been appended as UI messages, as model messages, or in the shapes of OpenAI and Anthropic. Tool calls become
 * `tool-NAME` parts, and each result is put into the part of its call. Left out are calls without a result, results without a
 * call, parts of custom shapes except `data-*`, and messages that would be empty.
 */
export function toUiMessages(messages: readonly WindowMessage[]): UiMessage[] {
  const pairing: UiToolPairing = new ToolPairing();
  const usedIds = new Set<string>();
  const converted = messages.map((message): UiMessage => {
    const { role, metadata, parts } = message;
    if (role === 'tool') addTextAsResult(parts, pairing);
    return {
      id: uniqueId(message, usedIds),
      role: role === 'tool' ? 'assistant' : role,
      ...(metadata && { metadata }),
      parts:
        role === 'system'
          ? systemParts(parts)
          : parts.flatMap((part, index) => toUiPart(message, part, index, pairing) ?? []),
    };
  });
  const openCalls = new Set(pairing.openCalls());
  return converted
    .map((message) => ({ ...message, parts: message.parts.filter((part) => !openCalls.has(part)) }))
    .filter(({ parts }) => parts.some(({ type }) => type !== 'step-start'));
}

function toUiPart(
  { role, seq }: WindowMessage,
  part: Part,
  index: number,
  pairing: UiToolPairing,
): Part | undefined {
  const result = toolResultOf(part);
  if (result && !isUiToolPart(part)) {
    addResult(result, pairing);
    return undefined;
  }
  if (role === 'assistant') {
    if (isUiToolPart(part)) return convertUiToolPart(part, pairing);
    const call = toolCallOf(part);
    if (call) {
      const { id = `call_${seq}_${index}`, name, ...others } = call;
      return addCall({ type: `tool-${name}`, toolCallId: id, state: 'input-available', ...others }, pairing);
    }
    if (part.type === 'step-start') return part;
  }
  return part.type.startsWith('data-') && role !== 'tool' ? part : toContentPart(role, part);
}

function addCall(part: Part, pairing: UiToolPairing): Part {
  // The part's type, which contains the name of the tool, is what a result without an id refers to.
  pairing.addCall(part, { id: part.toolCallId as string, name: part.type });
  return part;
}

function addResult({ id, name, output, isError }: ToolResult, pairing: UiToolPairing): void {
  const call = pairing.addResult({ id, name: name === undefined ? undefined : `tool-${name}` });
  if (!call) return;
  Object.assign(
    call,
    isError
      ? { state: 'output-error', errorText: typeof output === 'string' ? output : JSON.stringify(output) }
      : { state: 'output-available', output: output ?? null },
  );
}

/** A `tool` message that contains only text is the result of the oldest open call. */
function addTextAsResult(parts: readonly Part[], pairing: UiToolPairing): void {
  if (parts.length === 0 || parts.some(({ type }) => type !== 'text')) return;
  addResult({ output: parts.map(textOf).join('\n'), isError: false }, pairing);
}

/** Converts text, reasoning and files to the fields of UI messages. */
function toContentPart(role: WindowMessage['role'], part: Part): Part | undefined {
  const modelPart = toModelPart(role, part);
  if (!modelPart) return undefined;
  const { providerOptions: providerMetadata, data, image, ...fields } = modelPart;
  const { mediaType = 'image/*' } = fields;
  const source = data ?? image;
  const { state } = part;
  return {
    ...fields,
    ...(typeof source === 'string' && { type: 'file', mediaType, url: toUrl(source, mediaType as string) }),
    ...(typeof state === 'string' && { state }),
    ...(providerMetadata !== undefined && { providerMetadata }),
  };
}

/** A part with a result gets a state that every major version knows. A part without one stays an open call. */
function convertUiToolPart(part: Part, pairing: UiToolPairing): Part {
  const { state, input, rawInput, errorText, preliminary, ...fields } = part;
  const call = { ...fields, input: input ?? rawInput ?? {} };
  if (state === 'output-available' && preliminary !== true) return { ...call, state };
  if (state === 'output-error') return { ...call, state, errorText };
  if (state === 'output-denied') {
    return { ...call, state: 'output-error', errorText: 'Tool execution denied.' };
  }
  return addCall({ ...call, state: 'input-available' }, pairing);
}

function systemParts(parts: readonly Part[]): Part[] {
  const text = joinTexts(parts);
  return text === '' ? [] : [{ type: 'text', text }];
}

/** User interfaces need unique ids, but the messages of one summary share a seq and callers may repeat an id. */
function uniqueId({ id, seq }: WindowMessage, usedIds: Set<string>): string {
  const preferred = id ?? `seq-${seq}`;
  let unique = preferred;
  for (let suffix = 2; usedIds.has(unique); suffix += 1) unique = `${preferred}-${suffix}`;
  usedIds.add(unique);
  return unique;
}
