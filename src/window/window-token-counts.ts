import { NO_RESULT_TEXT } from '@fastpaca/messages';
import { ROLES } from '../events/dto/event.schema.js';
import type { MessageTokenCounter } from '../tokens/message-token-counter.js';
import type { TokenCounts } from './log-timeline.js';
import type { AddedTokens } from './window-repair.js';

/** What a window counts itself, because it is not stored: messages without parts, and texts that it adds. */
export type WindowTokenCounts = TokenCounts & AddedTokens;

/** @param model that of the conversation; null for the default tokenizer */
export async function windowTokenCounts(
  counter: MessageTokenCounter,
  model: string | null,
): Promise<WindowTokenCounts> {
  const base = new Map<string, number>();
  for (const role of ROLES) base.set(role, (await counter.count(role, [], model)).total);
  const ofText = async (text: string) => {
    const { items } = await counter.count('tool', [{ texts: [text] }], model);
    return items[0] ?? 0;
  };
  return { base, ofText, result: await ofText(NO_RESULT_TEXT) };
}
