import { carriedPart, textOf } from './model-parts.js';
import type { Part, WindowMessage } from '../types.js';
import { OpenCalls } from './tool-pairing.js';
import { isUiToolPart, toolCallOf, toolResultOf } from './tool-parts.js';

/** A `UIMessage` of the AI SDK. */
export interface UiMessage {
  id: string;
  role: 'system' | 'user' | 'assistant';
  metadata?: unknown;
  parts: Part[];
}

/**
 * The messages of a window as `UIMessage`s that convert to valid model messages on every major. Events may have been appended as UI
 * messages, as model messages, or in the shapes of OpenAI and Anthropic: calls of tools become `tool-NAME` parts, and a result is
 * put into the part of its call. What is left out: calls without a result and results without a call, which providers refuse, parts
 * of shapes of your own except `data-*`, and messages of which nothing remains.
 */
export function toUiMessages(messages: readonly WindowMessage[]): UiMessage[] {
  const calls = new OpenCalls();
  const ids = new Set<string>();
  const converted = messages.map((message): UiMessage => {
    const { role, metadata } = message;
    if (role === 'tool') answerWithTexts(message, calls);
    return {
      id: uniqueId(message, ids),
      role: role === 'tool' ? 'assistant' : role,
      ...(metadata && { metadata }),
      parts:
        role === 'system'
          ? systemParts(message)
          : message.parts.flatMap((part, index) => uiPart(message, part, index, calls) ?? []),
    };
  });
  return converted
    .map((message) => ({ ...message, parts: message.parts.filter((part) => !calls.has(part)) }))
    .filter(({ parts }) => parts.some(({ type }) => type !== 'step-start'));
}

function uiPart({ role, seq }: WindowMessage, part: Part, index: number, calls: OpenCalls): Part | undefined {
  const result = toolResultOf(part);
  if (result && !isUiToolPart(part)) {
    calls.answer(result);
    return undefined;
  }
  if (role === 'assistant') {
    if (isUiToolPart(part)) return uiToolPart(part, calls);
    const call = toolCallOf(part);
    if (call) {
      const { id = `call_${seq}_${index}`, name, ...others } = call;
      return calls.open({ type: `tool-${name}`, toolCallId: id, state: 'input-available', ...others });
    }
    if (part.type === 'step-start') return part;
  }
  return part.type.startsWith('data-') && role !== 'tool' ? part : contentPart(role, part);
}

/** Text, reasoning or a file, in the spelling of UI messages. */
function contentPart(role: WindowMessage['role'], part: Part): Part | undefined {
  const carried = carriedPart(role, part);
  if (!carried) return undefined;
  const { providerOptions: providerMetadata, data, image, ...fields } = carried;
  const { mediaType = 'image/*' } = fields;
  const source = data ?? image;
  const { state } = part;
  return {
    ...fields,
    ...(typeof source === 'string' && { type: 'file', mediaType, url: urlOf(source, mediaType as string) }),
    ...(typeof state === 'string' && { state }),
    ...(providerMetadata !== undefined && { providerMetadata }),
  };
}

function urlOf(source: string, mediaType: string): string {
  return /^[a-z][a-z0-9+.-]*:/i.test(source) ? source : `data:${mediaType};base64,${source}`;
}

/** One that has its result, in a state that every major knows; else it waits for a result. */
function uiToolPart(part: Part, calls: OpenCalls): Part {
  const { state, input, rawInput, errorText, preliminary, ...fields } = part;
  const known = { ...fields, input: input ?? rawInput ?? {} };
  if (state === 'output-available' && preliminary !== true) return { ...known, state };
  if (state === 'output-error') return { ...known, state, errorText };
  if (state === 'output-denied') {
    return { ...known, state: 'output-error', errorText: 'Tool execution denied.' };
  }
  return calls.open({ ...known, state: 'input-available' });
}

function systemParts({ parts }: WindowMessage): Part[] {
  const text = parts.map(textOf).filter(Boolean).join('\n');
  return text === '' ? [] : [{ type: 'text', text }];
}

/** A message of the role tool that is only text answers the oldest call that waits. */
function answerWithTexts({ parts }: WindowMessage, calls: OpenCalls): void {
  const texts = parts.filter(({ type }) => type === 'text');
  if (texts.length > 0 && texts.length === parts.length) {
    calls.answer({ output: texts.map(textOf).join('\n'), isError: false });
  }
}

/** An id of its own, for the lists of user interfaces: messages of one summary share a seq, and callers may repeat an id. */
function uniqueId({ id, seq }: WindowMessage, taken: Set<string>): string {
  const wanted = id ?? `seq-${seq}`;
  let unique = wanted;
  for (let n = 2; taken.has(unique); n += 1) unique = `${wanted}-${n}`;
  taken.add(unique);
  return unique;
}
