import { textOf } from './model-parts.js';
import { isUiToolPart, toolCallOf, toolResultOf } from './tool-parts.js';
import type { Part } from '../types.js';
import type { StoredMessage } from '../openai-agents/transcript.js';

/** What a message consists of that every library knows. */
export type Step =
  | { kind: 'text'; text: string }
  /** `url` may be a data URL. */
  | { kind: 'file'; url: string; mediaType: string; filename?: string }
  | { kind: 'call'; id: string; name: string; input: unknown }
  | { kind: 'result'; id: string; name: string; output: unknown; isError: boolean };

/**
 * The steps of a message that another way of appending has written: `UIMessage`s and `ModelMessage`s of the AI SDK, the shapes of
 * OpenAI and Anthropic, summaries. Reasoning, which belongs to its provider, and parts of shapes of your own are left out.
 */
export function stepsOf({ parts, seq }: StoredMessage): Step[] {
  return parts.flatMap((part, index) => stepsOfPart(part, `call_${seq}_${index}`));
}

function stepsOfPart(part: Part, fallbackId: string): Step[] {
  if (isUiToolPart(part)) return uiToolSteps(part);
  const call = toolCallOf(part);
  if (call) return [{ kind: 'call', id: call.id ?? fallbackId, name: call.name, input: call.input }];
  const result = toolResultOf(part);
  if (result) {
    const { id, name = '', output, isError } = result;
    return id === undefined ? [] : [{ kind: 'result', id, name, output, isError }];
  }
  const text = textOf(part);
  if (text !== '') return [{ kind: 'text', text }];
  return fileSteps(part);
}

/** The call and its result; none without a result, since no provider takes that. */
function uiToolSteps({ type, state, toolCallId, toolName, input, output, errorText }: Part): Step[] {
  const isError = state === 'output-error';
  if (state !== 'output-available' && !isError) return [];
  const id = String(toolCallId);
  const name = type === 'dynamic-tool' ? String(toolName) : type.slice('tool-'.length);
  return [
    { kind: 'call', id, name, input: input ?? {} },
    { kind: 'result', id, name, output: isError ? errorText : output, isError },
  ];
}

function fileSteps({ type, url, data, image, mediaType, filename }: Part): Step[] {
  if (type !== 'file' && type !== 'image') return [];
  const source = [url, image, data].find((value) => typeof value === 'string');
  if (source === undefined) return [];
  const kind =
    typeof mediaType === 'string' ? mediaType : type === 'image' ? 'image/png' : 'application/octet-stream';
  return [
    {
      kind: 'file',
      url: /^[a-z][a-z0-9+.-]*:/i.test(source) ? source : `data:${kind};base64,${source}`,
      mediaType: kind,
      ...(typeof filename === 'string' && { filename }),
    },
  ];
}
