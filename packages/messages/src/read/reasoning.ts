import { isObject, type Part } from '../event.js';

const REASONING_TYPES = new Set([
  ...['reasoning', 'thinking', 'redacted_thinking', 'reasoning-file', 'reasoning_content'],
]);

/**
 * Reasoning of OpenAI Responses, of the AI SDK and LangChain (`reasoning`), of Anthropic (`thinking`), and of LangChain for
 * Amazon Bedrock (`reasoning_content`).
 */
export function isReasoningPart({ type }: { type: string }): boolean {
  return REASONING_TYPES.has(type);
}

/** Empty if the reasoning is encrypted or redacted. */
export function reasoningText(part: Part): string {
  const { reasoningText: ofBedrock } = part;
  const bedrockText = isObject(ofBedrock) ? ofBedrock.text : undefined;
  for (const text of [part.text, part.thinking, part.reasoning, bedrockText])
    if (typeof text === 'string') return text;
  return [...textsOf(part.summary), ...textsOf(part.content)].join('\n');
}

function textsOf(list: unknown): string[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((each: unknown) =>
    isObject(each) && typeof each.text === 'string' ? [each.text] : [],
  );
}
