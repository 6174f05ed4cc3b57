import { isObject, type Located } from '../json.js';
import type { Report } from '../violation.js';
import type { AnthropicRule } from './rules.js';
import { blocksOf, type Turn } from './turns.js';

const MAX_BREAKPOINTS = 4;

/** At most 4 breakpoints, and the long-lived ones first. The API reads `system` before `messages`. */
export function checkCacheControl(
  system: unknown,
  turns: readonly Turn[],
  report: Report<AnthropicRule>,
): void {
  const blocks = [...blocksOf(system, 'system'), ...turns.flatMap((turn) => turn.blocks)];
  const breakpoints = blocks.flatMap(withNested).filter(({ fields }) => isObject(fields.cache_control));
  for (const { path } of breakpoints.slice(MAX_BREAKPOINTS)) report('cache-breakpoints', path);
  let hasShortLived = false;
  for (const { path, fields } of breakpoints) {
    const isLongLived = isObject(fields.cache_control) && fields.cache_control.ttl === '1h';
    if (isLongLived && hasShortLived) report('cache-ttl-order', path);
    hasShortLived ||= !isLongLived;
  }
}

/** A block behind the blocks inside it: tool results contain documents, and documents contain blocks. */
function withNested(block: Located): Located[] {
  return [...nestedIn(block).flatMap((inner) => [...nestedIn(inner), inner]), block];
}

function nestedIn({ path, fields: { content, source } }: Located): Located[] {
  const inSource = isObject(source) ? blocksOf(source.content, `${path}.source.content`) : [];
  return [...blocksOf(content, `${path}.content`), ...inSource];
}
