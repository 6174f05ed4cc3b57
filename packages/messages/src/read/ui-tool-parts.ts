import type { Part } from '../event.js';
import type { Item, Place, ToolResultItem } from '../items.js';

/** `tool-NAME` or `dynamic-tool` of a UI message: one part for a call and its result. Only these parts have a `state`. */
export function isUiToolPart({ type, state, toolCallId }: Readonly<Record<string, unknown>>): boolean {
  return (
    typeof type === 'string' &&
    (type === 'dynamic-tool' || type.startsWith('tool-')) &&
    typeof state === 'string' &&
    typeof toolCallId === 'string'
  );
}

/** The name of the tool that a UI tool part calls. */
export function uiToolName({ type, toolName }: Part): string {
  return type === 'dynamic-tool' ? String(toolName) : type.slice('tool-'.length);
}

/** The call of a UI tool part, and its result if it has one. A part whose input is still streamed is no call yet. */
export function readUiToolPart(part: Part, place: Place): Item[] | undefined {
  if (!isUiToolPart(part)) return undefined;
  if (part.state === 'input-streaming') return [{ kind: 'opaque', source: part, place }];
  const common = { source: part, place };
  const id = String(part.toolCallId);
  const name = uiToolName(part);
  const input = part.input ?? part.rawInput ?? {};
  const isProviderExecuted = part.providerExecuted === true;
  const result = resultOf(part);
  return [
    { kind: 'call', id, name, input, isProviderExecuted, ...common },
    ...(result ? [{ kind: 'result' as const, callId: id, name, ...result, ...common }] : []),
  ];
}

function resultOf(part: Part): Pick<ToolResultItem, 'output' | 'isError'> | undefined {
  switch (part.state) {
    case 'output-available':
      return { output: outputOf(part.output), isError: false };
    case 'output-error':
      return {
        output: {
          type: 'text',
          text: typeof part.errorText === 'string' ? part.errorText : 'The tool failed.',
        },
        isError: true,
      };
    case 'output-denied':
      return { output: { type: 'text', text: deniedText(part.approval) }, isError: true };
    default:
      return undefined;
  }
}

function outputOf(output: unknown): ToolResultItem['output'] {
  return typeof output === 'string'
    ? { type: 'text', text: output }
    : { type: 'json', value: output ?? null };
}

/** The text that the AI SDK gives to a denied call. */
function deniedText(approval: unknown): string {
  const { reason } = (approval ?? {}) as { reason?: unknown };
  return typeof reason === 'string' && reason !== '' ? reason : 'Tool execution denied.';
}
