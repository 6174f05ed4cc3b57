import type { Item } from '../items.js';
import type { Repair } from '../window-event.js';
import type { ArrangedMessage } from './arrange.js';

/** The text of a user message that is added because the provider requires one where the window has none. */
export const CONTINUE_TEXT = 'Continue.';

/** @param seq of the message beside which the text stands */
export function userMessageAdded(seq: number): Repair {
  return { code: 'user_message_added', seq, action: 'added a message of the user' };
}

/** The texts of items, separated by blank lines. */
export function joinedText(items: readonly Item[]): string {
  return items
    .flatMap((item) => (item.kind === 'text' ? [item.text] : []))
    .filter((text) => text.trim() !== '')
    .join('\n\n');
}

/** A system message or summary as a user text with a title, for providers that reject system messages at this place. */
export function systemAsUserText({ items, summary }: ArrangedMessage): string {
  const title = summary
    ? `Summary of messages ${summary.fromSeq} to ${summary.toSeq} of this conversation:`
    : 'System message:';
  return `${title}\n${joinedText(items)}`;
}

/** Splits the leading system messages from the others. */
export function splitLeadingSystem(messages: readonly ArrangedMessage[]): {
  leading: readonly ArrangedMessage[];
  rest: readonly ArrangedMessage[];
} {
  const end = messages.findIndex(({ role }) => role !== 'system');
  const count = end === -1 ? messages.length : end;
  return { leading: messages.slice(0, count), rest: messages.slice(count) };
}
