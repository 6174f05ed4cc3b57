import { isObject } from '../event.js';
import type { Repair } from '../window-event.js';

type Fields = Record<string, unknown>;

/** Anthropic accepts at most so many blocks with `cache_control`. Source: prompt caching. */
const MAX_BREAKPOINTS = 4;

/** Removes the oldest `cache_control` marks beyond the limit. Blocks that keep theirs stay the same objects. */
export function limitBreakpoints(
  system: string | Fields[] | undefined,
  messages: readonly Fields[],
  repairs: Repair[],
): [string | Fields[] | undefined, Fields[]] {
  let excess = countMarks(system) + countMarks(messages) - MAX_BREAKPOINTS;
  if (excess <= 0) return [system, [...messages]];
  repairs.push({
    code: 'left_out',
    seq: 0,
    action: `left out ${excess} of the cache_control marks: at most 4 are allowed`,
  });
  const unmarked = (value: unknown): unknown => {
    if (excess <= 0) return value;
    if (Array.isArray(value)) return value.map(unmarked);
    if (!isObject(value)) return value;
    const { cache_control: mark, ...rest } = value;
    if (mark !== undefined && mark !== null) excess -= 1;
    const block = mark === undefined ? value : rest;
    return Array.isArray(block.content) ? { ...block, content: unmarked(block.content) } : block;
  };
  return [unmarked(system) as Fields[] | string | undefined, unmarked(messages) as Fields[]];
}

function countMarks(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + countMarks(each), 0);
  if (!isObject(value)) return 0;
  const own = value.cache_control === undefined || value.cache_control === null ? 0 : 1;
  return own + (Array.isArray(value.content) ? countMarks(value.content) : 0);
}
