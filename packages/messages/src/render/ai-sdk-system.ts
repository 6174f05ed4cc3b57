import { isObject } from '../event.js';
import type { Repair } from '../window-event.js';
import type { ArrangedMessage } from './arrange.js';
import { leftOut } from './left-out.js';
import { joinedText } from './system-text.js';

interface SystemMessage {
  role: 'system';
  content: string;
  providerOptions?: Record<string, unknown>;
  [field: string]: unknown;
}

/** A `SystemModelMessage`; undefined if the message has no text. */
export function systemMessage(
  { items, event, seq }: ArrangedMessage,
  repairs: Repair[],
): SystemMessage | undefined {
  for (const item of items)
    if (item.kind !== 'text') repairs.push(leftOut(seq, item, 'a system text has text only'));
  const content = joinedText(items);
  if (content === '') return undefined;
  const { providerOptions } = event;
  return { role: 'system', content, ...(isObject(providerOptions) && { providerOptions }) };
}
