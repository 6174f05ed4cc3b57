import { get_encoding } from 'tiktoken';

const encoding = get_encoding('o200k_base');

/** Tokens of a text, counted by tiktoken itself; special tokens count as text. */
export function tokensOf(text: string): number {
  return encoding.encode_ordinary(text).length;
}

/** spec.md §7: the caller's own `token_count`, else the estimate. */
export function eventTokens(event: any): number {
  return event.token_count ?? estimate(event);
}

/** spec.md §7 without `token_count`. */
export function estimate({ role, parts, name }: any): number {
  return messageTokens(role, parts) + (name === undefined ? 0 : tokensOf(name) + 1);
}

/** spec.md §7: 3 + tokens(role) + Σ parts. */
export function messageTokens(role: string, parts: any[]): number {
  return parts.reduce<number>((sum, part) => sum + partTokens(role, part), 3 + tokensOf(role));
}

/** The parts of our own dialect, and the results of the AI SDK. A part of unknown type counts as its compact JSON. */
function partTokens(role: string, part: any): number {
  const isText = part.type === 'text' || part.type === 'reasoning';
  if (isText && typeof part.text === 'string') return tokensOf(part.text);
  if (part.type === 'tool_call' && role === 'assistant')
    return tokensOf(part.name) + tokensOf(asText(part.input ?? part.arguments));
  if (part.type === 'tool_result') return tokensOf(asText(part.output ?? part.content));
  if (part.type === 'tool-result') return tokensOf(asText(part.output.value));
  return tokensOf(JSON.stringify(part));
}

/** A text as it is, any other value as its compact JSON. */
function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
