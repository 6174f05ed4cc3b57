/** A part that answers a tool call: `tool_result`, and `tool-result` as the AI SDK writes it. */
export function isToolResult({ type }: { type: string }): boolean {
  return type === 'tool_result' || type === 'tool-result';
}

/** A message that makes no sense without the call before it: of the role `tool`, or of nothing but tool results. */
export function answersToolCall(role: string, parts: readonly { type: string }[]): boolean {
  return role === 'tool' || parts.every(isToolResult);
}
