import { fieldPath, isObject } from './json.js';
import type { ShapeRule } from './shape.js';
import type { Report } from './violation.js';

/**
 * Reports every string and every field name with a lone surrogate. JSON cannot carry one as UTF-8, and providers answer 400.
 * Walks without recursion, because the input of a tool may be nested deeper than the stack.
 */
export function checkUnicode(prompt: unknown, report: Report<ShapeRule>): void {
  const pending: { value: unknown; path: string }[] = [{ value: prompt, path: '' }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { value, path } = next;
    if (typeof value === 'string') {
      if (!value.isWellFormed()) report('unicode', path);
    } else if (Array.isArray(value)) {
      value.forEach((element, index) => pending.push({ value: element, path: `${path}[${index}]` }));
    } else if (isObject(value)) {
      for (const [name, field] of Object.entries(value)) {
        const at = fieldPath(path, name);
        if (!name.isWellFormed()) report('unicode', at);
        pending.push({ value: field, path: at });
      }
    }
  }
}
