/** A part that holds the result of a tool call: `tool_result`, or `tool-result` as the AI SDK spells it. */
export function isToolResultPart({ type }: { type: string }): boolean {
  return type === 'tool_result' || type === 'tool-result';
}

/** A message that is meaningless without the tool call before it: its role is `tool`, or all its parts are results. */
export function isToolResultMessage({
  role,
  parts,
}: {
  role: string;
  parts: readonly { type: string }[];
}): boolean {
  return role === 'tool' || parts.every(isToolResultPart);
}
