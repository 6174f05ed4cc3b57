import type { Repair } from '../window-event.js';
import { isBlock } from './native.js';
import { CONTINUE_TEXT, userMessageAdded } from './system-text.js';

type Fields = Record<string, unknown>;

export interface Turn {
  role: 'user' | 'assistant';
  content: Fields[];
  /** Seq of the last message in the turn. */
  seq: number;
  /** The caller wrote the content as a string, and nothing was added. */
  isString: boolean;
}

/** The messages of a prompt for Anthropic: adjacent messages of one role are joined, and the first and the last have the role `user`. */
export class AnthropicTurns {
  private turns: Turn[] = [];

  constructor(private readonly repairs: Repair[]) {}

  /** @param isString whether the caller wrote the content as a string */
  add(role: Turn['role'], blocks: readonly Fields[], seq: number, isString: boolean): void {
    if (blocks.length === 0) return;
    const last = this.turns.at(-1);
    const [only] = blocks;
    const isText = isString && blocks.length === 1 && isBlock(only, 'text', ['text']);
    if (last?.role !== role) this.turns.push({ role, content: [...blocks], seq, isString: isText });
    else {
      last.content.push(...blocks);
      last.seq = seq;
      last.isString = false;
    }
  }

  /** @param firstSeq seq of the first message of the window */
  finish(hasSystem: boolean, firstSeq: number): Turn[] {
    this.removeLastThinking();
    const { turns } = this;
    if (turns.length === 0 && !hasSystem) return [];
    if (turns[0]?.role !== 'user') turns.unshift(this.continueTurn(firstSeq));
    const last = turns.at(-1);
    if (last?.role === 'assistant') turns.push(this.continueTurn(last.seq));
    return turns;
  }

  /** Anthropic rejects a message that ends with thinking. */
  private removeLastThinking(): void {
    const before = this.turns;
    this.turns = [];
    for (const { role, content, seq, isString } of before) {
      const end =
        role === 'assistant' ? content.findLastIndex(({ type }) => !isThinking(type)) + 1 : content.length;
      if (end < content.length)
        this.repairs.push({
          code: 'left_out',
          seq,
          action: 'left out reasoning: nothing follows it in its message',
        });
      this.add(role, content.slice(0, end), seq, isString);
    }
  }

  private continueTurn(seq: number): Turn {
    this.repairs.push(userMessageAdded(seq));
    return { role: 'user', content: [{ type: 'text', text: CONTINUE_TEXT }], seq, isString: true };
  }
}

/** A turn as a message. Its content is a string if the caller wrote one, and the block has only text. */
export function messageOf({ role, content, isString }: Turn): Fields {
  const [only] = content;
  return { role, content: isString && isBlock(only, 'text', ['text']) ? only?.text : content };
}

function isThinking(type: unknown): boolean {
  return type === 'thinking' || type === 'redacted_thinking';
}
