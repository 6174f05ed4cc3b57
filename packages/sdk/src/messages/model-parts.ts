import type { Part, Role } from '../types.js';

/** The text of a text part, else an empty string. */
export function textOf(part: Part): string {
  return part.type === 'text' && typeof part.text === 'string' ? part.text : '';
}

/** A part as a `ModelMessage` of that role carries it, on every major of the AI SDK; undefined if it cannot. */
export function carriedPart(role: Role, part: Part, paired?: ReadonlySet<string>): Part | undefined {
  const isPaired = paired === undefined || paired.has(String(part.toolCallId));
  const carried = ((): Part | undefined => {
    switch (part.type) {
      case 'text':
        return role !== 'tool' && textOf(part) !== '' ? { type: 'text', text: textOf(part) } : undefined;
      case 'image':
        return role === 'user' ? image(part) : undefined;
      case 'file':
        return role !== 'tool' ? file(part) : undefined;
      case 'reasoning':
        return role === 'assistant' && typeof part.text === 'string'
          ? { type: 'reasoning', text: part.text }
          : undefined;
      case 'tool-call':
        return role === 'assistant' && isPaired ? toolCall(part) : undefined;
      case 'tool-result':
        return (role === 'tool' || role === 'assistant') && isPaired ? toolResult(part) : undefined;
      default:
        return undefined;
    }
  })();
  const options = part.providerOptions ?? part.providerMetadata;
  return carried && isObject(options) ? { ...carried, providerOptions: options } : carried;
}

function image({ image: data, mediaType }: Part): Part | undefined {
  if (typeof data !== 'string') return undefined;
  return { type: 'image', image: data, ...(typeof mediaType === 'string' && { mediaType }) };
}

/** @param part of a model message (`data`), of one of AI SDK 7 (`data` with a type), or of a UI message (`url`) */
function file({ data = {}, url, mediaType, filename }: Part): Part | undefined {
  const tagged = (isObject(data) ? data : { data }) as Record<string, unknown>;
  const source = [url, tagged.data, tagged.url].find((value) => typeof value === 'string');
  if (source === undefined || typeof mediaType !== 'string') return undefined;
  return { type: 'file', data: source, mediaType, ...(typeof filename === 'string' && { filename }) };
}

function toolCall({ toolCallId, toolName, input, providerExecuted }: Part): Part | undefined {
  if (typeof toolCallId !== 'string' || typeof toolName !== 'string') return undefined;
  return {
    type: 'tool-call',
    toolCallId,
    toolName,
    input: input ?? {},
    ...(typeof providerExecuted === 'boolean' && { providerExecuted }),
  };
}

function toolResult({ toolCallId, toolName, output, result }: Part): Part | undefined {
  if (typeof toolCallId !== 'string' || typeof toolName !== 'string') return undefined;
  return { type: 'tool-result', toolCallId, toolName, output: toolOutput(output ?? result ?? null) };
}

/** An output as all majors know it; a bare value, as of AI SDK 4, becomes one. */
function toolOutput(output: unknown): object {
  const { type, value, reason } = (isObject(output) ? output : {}) as Record<string, unknown>;
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

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
