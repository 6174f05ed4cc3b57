import type { Repair } from '../window-event.js';
import { textBlock } from './anthropic-blocks.js';
import type { ArrangedMessage } from './arrange.js';
import { leftOut } from './left-out.js';
import { isBlock } from './native.js';

type Fields = Record<string, unknown>;

export interface SystemBlock {
  block: Fields;
  /** Whether the text is of a summary, and not of the log. */
  isSummary: boolean;
}

/** The texts of the leading system messages. */
export function systemBlocks(messages: readonly ArrangedMessage[], repairs: Repair[]): SystemBlock[] {
  return messages.flatMap(({ items, seq, summary }) =>
    items.flatMap((item): SystemBlock[] => {
      const block = item.kind === 'text' ? textBlock(item, item.text) : undefined;
      if (item.kind !== 'text') repairs.push(leftOut(seq, item, 'a system text has text only'));
      return block ? [{ block, isSummary: summary !== undefined }] : [];
    }),
  );
}

/** One block for adjacent texts of the log, and one for those of summaries, unless a block has more than text. */
export function joinedBlocks(blocks: readonly SystemBlock[]): SystemBlock[] {
  const joined: SystemBlock[] = [];
  for (const each of blocks) {
    const last = joined.at(-1);
    const isJoinable =
      last?.isSummary === each.isSummary && isPlainText(last.block) && isPlainText(each.block);
    if (isJoinable) last.block = { type: 'text', text: textOf([last.block, each.block]) };
    else joined.push({ ...each });
  }
  return joined;
}

/** The value of `system`: a string; a list if a block has more than text, such as `cache_control`. */
export function systemValue(blocks: readonly Fields[]): string | Fields[] | undefined {
  if (blocks.length === 0) return undefined;
  return blocks.every(isPlainText) ? textOf(blocks) : [...blocks];
}

function isPlainText(block: Fields): boolean {
  return isBlock(block, 'text', ['text']);
}

function textOf(blocks: readonly Fields[]): string {
  return blocks.map(({ text }) => String(text)).join('\n\n');
}
