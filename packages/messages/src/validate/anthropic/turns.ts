import { objectsIn, type Located } from '../json.js';

/** Consecutive messages of one role: the API combines them before it checks their order. */
export interface Turn {
  role: unknown;
  /** Path of its first message. */
  path: string;
  blocks: Located[];
}

export function turnsOf(messages: unknown): Turn[] {
  const turns: Turn[] = [];
  for (const { path, fields } of objectsIn(messages, 'messages')) {
    const blocks = blocksOf(fields.content, `${path}.content`);
    const last = turns.at(-1);
    if (last && last.role === fields.role) last.blocks.push(...blocks);
    else turns.push({ role: fields.role, path, blocks });
  }
  return turns;
}

/** The blocks of a `content`. A text stands for one text block. */
export function blocksOf(content: unknown, path: string): Located[] {
  if (typeof content === 'string') return [{ path, fields: { type: 'text', text: content } }];
  return objectsIn(content, path);
}
