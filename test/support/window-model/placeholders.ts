import { withParts, type Item } from './item.js';
import { toolsOf, type Tool } from './tools.js';

/** The item with a text in the place of the outputs of those `results` that are its own. */
export function withPlaceholders(
  item: Item,
  results: readonly Tool[],
  placeholder = '[tool result removed]',
): Item {
  const own = results.filter((result) => result.item === item);
  if (own.length === 0) return item;
  if (own.some(({ part }) => part === undefined))
    return withParts(item, [{ type: 'text', text: placeholder }]);
  const isOwn = (part: any) => own.some((result) => result.part === part);
  return withParts(
    item,
    item.event.parts.map((part: any) => (isOwn(part) ? replaced(part, placeholder) : part)),
  );
}

/** A result in its own dialect: the output of the AI SDK has a type. */
function replaced(part: any, placeholder: string): any {
  if (part.type === 'tool-result') return { ...part, output: { type: 'text', value: placeholder } };
  return part.output === undefined ? { ...part, content: placeholder } : { ...part, output: placeholder };
}

/** spec.md §6.7: the group with the outputs of its oldest `count` results replaced. */
export function shrunk(group: readonly Item[], count: number, placeholder?: string): Item[] {
  const oldest = resultsOf(group).slice(0, count);
  return group.map((item) => withPlaceholders(item, oldest, placeholder));
}

export function resultsOf(items: readonly Item[]): Tool[] {
  return items.flatMap(toolsOf).filter(({ kind }) => kind === 'result');
}
