import { isObject } from '../event.js';
import type { Media, ToolCallItem, ToolResultItem } from '../items.js';

/** The arguments of a call as JSON text, spelled as the model wrote them. Text that is not JSON becomes `{"input": text}`. */
export function argumentsText(call: ToolCallItem): string {
  const written = writtenArguments(call.source);
  if (written !== undefined && isJson(written)) return written;
  return JSON.stringify(argumentsObject(call));
}

/** The arguments of a call as an object, which most providers demand. Anything else becomes `{input: value}`. */
export function argumentsObject({ input }: ToolCallItem): Record<string, unknown> {
  return isObject(input) ? input : { input };
}

/** The text of a tool result: texts, one per line, or JSON. Media are left out. */
export function outputText({ output }: ToolResultItem): string {
  if (output.type === 'text') return output.text;
  if (output.type === 'json') return JSON.stringify(output.value ?? null);
  return output.content
    .map((each) => (each.type === 'text' ? each.text : ''))
    .filter(Boolean)
    .join('\n');
}

/** The media of a tool result. */
export function outputMedia({ output }: ToolResultItem): Media[] {
  if (output.type !== 'content') return [];
  return output.content.flatMap((each) => (each.type === 'media' ? [each.media] : []));
}

function writtenArguments(source: Readonly<Record<string, unknown>>): string | undefined {
  const inner = isObject(source.function) ? source.function : source;
  return typeof inner.arguments === 'string' ? inner.arguments : undefined;
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
