/** A tool name that OpenAI, Anthropic and Gemini accept: letters, digits, `_` and `-`, at most 64. Others become `_`. */
export function legalToolName(name: string): string {
  return name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64) || 'tool';
}

/** Whether OpenAI, Anthropic and Gemini accept the tool name as it is. */
export function isLegalToolName(name: unknown): boolean {
  return typeof name === 'string' && legalToolName(name) === name;
}
