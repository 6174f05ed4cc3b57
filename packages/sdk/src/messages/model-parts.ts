import { isObject, textOf, type Part, type Role } from './message.js';

/**
 * Converts a part to one that a `ModelMessage` of this role may contain on every major version of the AI SDK.
 *
 * @param pairedIds as for `modelContent`
 * @returns undefined if no model message of this role can contain the part
 */
export function toModelPart(role: Role, part: Part, pairedIds?: ReadonlySet<string>): Part | undefined {
  const converted = convert(role, part, pairedIds);
  const options = part.providerOptions ?? part.providerMetadata;
  return converted && isObject(options) ? { ...converted, providerOptions: options } : converted;
}

function convert(role: Role, part: Part, pairedIds?: ReadonlySet<string>): Part | undefined {
  const isPaired = pairedIds === undefined || pairedIds.has(String(part.toolCallId));
  switch (part.type) {
    case 'text':
      return role !== 'tool' && textOf(part) !== '' ? { type: 'text', text: textOf(part) } : undefined;
    case 'image':
      return role === 'user' ? imagePart(part) : undefined;
    case 'file':
      return role !== 'tool' ? filePart(part) : undefined;
    case 'reasoning':
      return role === 'assistant' && typeof part.text === 'string'
        ? { type: 'reasoning', text: part.text }
        : undefined;
    case 'tool-call':
      return role === 'assistant' && isPaired ? toolCallPart(part) : undefined;
    case 'tool-result':
      return (role === 'tool' || role === 'assistant') && isPaired ? toolResultPart(part) : undefined;
    default:
      return undefined;
  }
}

function imagePart({ image, mediaType }: Part): Part | undefined {
  if (typeof image !== 'string') return undefined;
  return { type: 'image', image, ...(typeof mediaType === 'string' && { mediaType }) };
}

/** Accepts the file of a model message (`data`), of AI SDK 7 (`data` is an object with a type) and of a UI message (`url`). */
function filePart({ data = {}, url, mediaType, filename }: Part): Part | undefined {
  const tagged = isObject(data) ? data : { data };
  const source = [url, tagged.data, tagged.url].find((value) => typeof value === 'string');
  if (source === undefined || typeof mediaType !== 'string') return undefined;
  return { type: 'file', data: source, mediaType, ...(typeof filename === 'string' && { filename }) };
}

function toolCallPart({ toolCallId, toolName, input, providerExecuted }: Part): Part | undefined {
  if (typeof toolCallId !== 'string' || typeof toolName !== 'string') return undefined;
  return {
    type: 'tool-call',
    toolCallId,
    toolName,
    input: input ?? {},
    ...(typeof providerExecuted === 'boolean' && { providerExecuted }),
  };
}

function toolResultPart({ toolCallId, toolName, output, result }: Part): Part | undefined {
  if (typeof toolCallId !== 'string' || typeof toolName !== 'string') return undefined;
  return { type: 'tool-result', toolCallId, toolName, output: wrapOutput(output ?? result ?? null) };
}

/** An output that all major versions know. A bare value, as in AI SDK 4, is wrapped. */
function wrapOutput(output: unknown): object {
  const { type, value, reason }: Record<string, unknown> = isObject(output) ? output : {};
  const isKnown =
    ((type === 'text' || type === 'error-text') && typeof value === 'string') ||
    ((type === 'json' || type === 'error-json') && value !== undefined) ||
    (type === 'content' && Array.isArray(value));
  if (isKnown) return output as object;
  if (type === 'execution-denied') {
    return { type: 'error-text', value: typeof reason === 'string' ? reason : 'Tool execution denied.' };
  }
  return typeof output === 'string' ? { type: 'text', value: output } : { type: 'json', value: output };
}
