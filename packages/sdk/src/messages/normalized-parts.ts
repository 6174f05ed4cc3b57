import { textOf, toUrl, type Part } from './message.js';
import { isUiToolPart, toolCallOf, toolResultOf, uiToolName } from './tool-parts.js';

/** A part in terms that every library knows. */
export type NormalizedPart =
  | { kind: 'text'; text: string }
  /** `url` may be a data URL. */
  | { kind: 'file'; url: string; mediaType: string; filename?: string }
  | { kind: 'call'; id: string; name: string; input: unknown }
  | { kind: 'result'; id: string; name: string; output: unknown; isError: boolean };

/**
 * Normalizes the parts of a message, whichever way it was appended: as a `UIMessage` or `ModelMessage` of the AI SDK, in the shapes
 * of OpenAI or Anthropic, or as a summary. Leaves out reasoning, which only its own provider accepts, and parts of custom shapes.
 */
export function normalizeParts({ parts, seq }: { parts: readonly Part[]; seq: number }): NormalizedPart[] {
  return parts.flatMap((part, index) => normalizePart(part, `call_${seq}_${index}`));
}

function normalizePart(part: Part, fallbackId: string): NormalizedPart[] {
  if (isUiToolPart(part)) return splitUiToolPart(part);
  const call = toolCallOf(part);
  if (call) return [{ kind: 'call', id: call.id ?? fallbackId, name: call.name, input: call.input }];
  const result = toolResultOf(part);
  if (result) {
    const { id, name = '', output, isError } = result;
    return id === undefined ? [] : [{ kind: 'result', id, name, output, isError }];
  }
  const text = textOf(part);
  if (text !== '') return [{ kind: 'text', text }];
  return normalizeFile(part);
}

/** The call and its result. A call without a result is left out, because no provider accepts it. */
function splitUiToolPart(part: Part): NormalizedPart[] {
  const { state, toolCallId, input, output, errorText } = part;
  const isError = state === 'output-error';
  if (state !== 'output-available' && !isError) return [];
  const id = String(toolCallId);
  const name = uiToolName(part);
  return [
    { kind: 'call', id, name, input: input ?? {} },
    { kind: 'result', id, name, output: isError ? errorText : output, isError },
  ];
}

function normalizeFile({ type, url, data, image, mediaType, filename }: Part): NormalizedPart[] {
  if (type !== 'file' && type !== 'image') return [];
  const source = [url, image, data].find((value) => typeof value === 'string');
  if (source === undefined) return [];
  const fallbackType = type === 'image' ? 'image/png' : 'application/octet-stream';
  const fileType = typeof mediaType === 'string' ? mediaType : fallbackType;
  return [
    {
      kind: 'file',
      url: toUrl(source, fileType),
      mediaType: fileType,
      ...(typeof filename === 'string' && { filename }),
    },
  ];
}
