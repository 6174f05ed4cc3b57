/** A part of a message: text, a tool call, an image … Any shape with a `type`. It is returned as it was sent. */
export interface Part {
  type: string;
  [field: string]: unknown;
}

export type Role = 'system' | 'developer' | 'user' | 'assistant' | 'tool';

/** The text of a text part, otherwise an empty string. */
export function textOf(part: Part): string {
  return part.type === 'text' && typeof part.text === 'string' ? part.text : '';
}

/** The non-empty texts of the parts, one per line. */
export function joinTexts(parts: readonly Part[]): string {
  return parts.map(textOf).filter(Boolean).join('\n');
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @param source a URL, which is returned unchanged, or base64 data, which becomes a data URL */
export function toUrl(source: string, mediaType: string): string {
  return /^[a-z][a-z0-9+.-]*:/i.test(source) ? source : `data:${mediaType};base64,${source}`;
}
