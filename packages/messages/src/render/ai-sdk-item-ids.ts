import { isObject } from '../event.js';

type Fields = Record<string, unknown>;

/**
 * The parts of an answer that a policy has reduced, without the ids of OpenAI's items before the first reasoning that is left. AI SDK
 * 5 sends these ids, and OpenAI rejects an item by its id if the reasoning that it was produced with is missing.
 */
export function withoutUnboundItemIds(parts: readonly Fields[]): Fields[] {
  const reasoning = parts.findIndex((part) => part.type === 'reasoning' && itemIdOf(part) !== undefined);
  return parts.map((part, index) => (reasoning !== -1 && index >= reasoning ? part : withoutItemId(part)));
}

function itemIdOf({ providerOptions }: Fields): unknown {
  const openai = isObject(providerOptions) ? providerOptions.openai : undefined;
  return isObject(openai) ? openai.itemId : undefined;
}

function withoutItemId(part: Fields): Fields {
  if (itemIdOf(part) === undefined) return part;
  const { openai, ...others } = part.providerOptions as Record<string, Fields>;
  const { itemId: _, ...options } = openai ?? {};
  const { providerOptions: __, ...fields } = part;
  const kept = Object.keys(options).length > 0 ? { ...others, openai: options } : others;
  return Object.keys(kept).length > 0 ? { ...fields, providerOptions: kept } : fields;
}
