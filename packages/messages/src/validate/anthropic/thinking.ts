import { objectsIn, type Located } from '../json.js';
import type { Report } from '../violation.js';
import type { AnthropicRule } from './rules.js';
import { blocksOf, type Turn } from './turns.js';

/** No message ends with thinking: it is the beginning of an answer that has been cut off. */
export function checkLastBlocks(messages: unknown, report: Report<AnthropicRule>): void {
  for (const { path, fields } of objectsIn(messages, 'messages')) {
    const last = blocksOf(fields.content, `${path}.content`).at(-1);
    if (last && isThinking(last)) report('thinking-last', last.path);
  }
}

/** The tool loop that still runs is one answer of the model, which begins with its thinking. */
export function checkOpenToolCall(turns: readonly Turn[], report: Report<AnthropicRule>): void {
  const answer = turns.findLast(({ role }) => role === 'assistant');
  const isOpen = answer?.blocks.some(({ fields }) => fields.type === 'tool_use');
  if (answer && isOpen && !isThinking(answer.blocks[0])) report('thinking-first', answer.path);
}

function isThinking(block: Located | undefined): boolean {
  return block?.fields.type === 'thinking' || block?.fields.type === 'redacted_thinking';
}
