import { isObject } from '../event.js';
import type { Repair } from '../window-event.js';

type Fields = Record<string, unknown>;

/** Anthropic accepts at most so many blocks with `cache_control`. Source: prompt caching. */
const MAX_BREAKPOINTS = 4;
/** Of these, the renderer adds at most so many. */
const MAX_ADDED = 3;

/** Blocks that may have `cache_control` of their own. Anthropic rejects it on thinking. */
const CACHEABLE_TYPES = new Set(['text', 'image', 'document', 'tool_use', 'tool_result']);

/**
 * Removes the `cache_control` marks that Anthropic rejects: those with a short time to live before one with a long time, and the
 * oldest beyond the limit. Blocks that keep theirs stay the same objects.
 */
export function legalBreakpoints(
  system: string | Fields[] | undefined,
  messages: readonly Fields[],
  repairs: Repair[],
): [string | Fields[] | undefined, Fields[]] {
  const marks = [...marksIn(system), ...marksIn(messages)];
  const lastLong = marks.findLastIndex((mark) => mark.ttl === '1h');
  const isOrdered = (mark: Fields, index: number) => index >= lastLong || mark.ttl === '1h';
  const ordered = marks.map(isOrdered);
  const misplaced = ordered.filter((each) => !each).length;
  const excess = Math.max(0, marks.length - misplaced - MAX_BREAKPOINTS);
  if (misplaced === 0 && excess === 0) return [system, [...messages]];
  if (misplaced > 0) repairs.push(marksLeftOut(misplaced, 'one with a longer ttl follows'));
  if (excess > 0) repairs.push(marksLeftOut(excess, `at most ${MAX_BREAKPOINTS} are allowed`));
  let remaining = excess;
  const kept = ordered.map((each) => each && (remaining -= 1) < 0);
  let index = -1;
  const withLegalMark = (block: Fields): Fields => {
    if (!isObject(block.cache_control)) return block;
    index += 1;
    if (kept[index]) return block;
    const { cache_control: _, ...rest } = block;
    return rest;
  };
  return [rewriteBlocks(system, withLegalMark), rewriteBlocks(messages, withLegalMark) as Fields[]];
}

function marksLeftOut(count: number, reason: string): Repair {
  return { code: 'left_out', seq: 0, action: `left out ${count} of the cache_control marks: ${reason}` };
}

/**
 * Adds `cache_control` marks: one to the last block of each prefix that may carry one. The marks that blocks have already stay and
 * count.
 *
 * @param blocks all blocks of a prompt, in order
 * @param prefixes the blocks of prefixes that stand still, the most important first
 */
export function withBreakpoints(
  blocks: readonly Fields[],
  prefixes: readonly ReadonlySet<Fields>[],
): readonly Fields[] {
  const count = Math.min(MAX_ADDED, MAX_BREAKPOINTS - marksIn(blocks).length);
  // The marks are short-lived: none may stand before one with a long time to live.
  const from = blocks.findLastIndex((block) => marksIn(block).some((mark) => mark.ttl === '1h'));
  const ends = prefixes
    .map((prefix) => blocks.findLastIndex((block) => prefix.has(block) && isCacheable(block)))
    .filter((index) => index >= Math.max(0, from) && !isObject(blocks[index]?.cache_control));
  const added = new Set([...new Set(ends)].slice(0, Math.max(0, count)));
  return blocks.map((block, index) =>
    added.has(index) ? { ...block, cache_control: { type: 'ephemeral' } } : block,
  );
}

function isCacheable({ type, text }: Fields): boolean {
  return CACHEABLE_TYPES.has(String(type)) && text !== '';
}

/** The marks of blocks, in the order in which the API reads them. */
function marksIn(value: unknown): Fields[] {
  const marks: Fields[] = [];
  rewriteBlocks(value, (block) => {
    if (isObject(block.cache_control)) marks.push(block.cache_control);
    return block;
  });
  return marks;
}

/** Rewrites blocks, those inside a block before the block. A block of which nothing changes stays the same object. */
function rewriteBlocks<Value>(value: Value, rewrite: (block: Fields) => Fields): Value;
function rewriteBlocks(value: unknown, rewrite: (block: Fields) => Fields): unknown {
  if (Array.isArray(value)) {
    const blocks = value.map((each: unknown) => rewriteBlocks(each, rewrite));
    return blocks.some((block, index) => block !== value[index]) ? blocks : (value as unknown[]);
  }
  return isObject(value) ? rewrite(rewriteContent(rewriteSource(value, rewrite), rewrite)) : value;
}

/** Tool results contain blocks. */
function rewriteContent(block: Fields, rewrite: (block: Fields) => Fields): Fields {
  if (!Array.isArray(block.content)) return block;
  const content = rewriteBlocks(block.content, rewrite);
  return content === block.content ? block : { ...block, content };
}

/** Documents contain blocks in their `source`. */
function rewriteSource(block: Fields, rewrite: (block: Fields) => Fields): Fields {
  if (!isObject(block.source)) return block;
  const source = rewriteContent(block.source, rewrite);
  return source === block.source ? block : { ...block, source };
}
