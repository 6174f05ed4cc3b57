import { isObject } from '../event.js';
import type { Item, ToolCallItem, ToolResultItem } from '../items.js';
import type { Repair, WindowEvent } from '../window-event.js';
import {
  isNativeToolUse,
  isServerBlock,
  mediaBlock,
  serverBlock,
  textBlock,
  thinkingBlock,
  toolResultBlock,
} from './anthropic-blocks.js';
import { joinedBlocks, systemBlocks, systemValue, type SystemBlock } from './anthropic-system.js';
import { AnthropicTurns, messageOf, type Turn } from './anthropic-turns.js';
import { arrange, type ArrangedMessage, type Arrangement } from './arrange.js';
import { legalBreakpoints, withBreakpoints } from './cache-breakpoints.js';
import { assignCallIds, renamedCall } from './call-ids.js';
import { leftOut } from './left-out.js';
import type { PromptOptions } from './prompt-options.js';
import { joinedText, splitLeadingSystem, systemAsUserText } from './system-text.js';
import { legalToolName } from './tool-names.js';
import { argumentsObject, outputMedia } from './tool-texts.js';

type Fields = Record<string, unknown>;

/**
 * Renders a window as `system` and `messages` of Anthropic's Messages API.
 *
 * @param options `cache`: adds up to three cache breakpoints where the prompt stands still: after the pins of the system text; after
 * the last summary, or without one before the newest turn; after the last message
 */
export function renderAnthropic(
  messages: readonly WindowEvent[],
  { cache }: PromptOptions = {},
): {
  prompt: { system?: string | object[]; messages: object[] };
  repairs: Repair[];
} {
  const arrangement = arrange(messages, isServerBlock);
  const { repairs } = arrangement;
  const { leading, rest } = splitLeadingSystem(arrangement.messages);
  const writer = new AnthropicWriter(arrangement);
  const newestTurn = newestTurnIn(rest);
  for (const [index, message] of rest.entries()) writer.add(message, index < newestTurn);
  const texts = systemBlocks(leading, repairs);
  const system = cache ? joinedBlocks(texts) : texts;
  const turns = writer.finish(system.length > 0);
  const { systemText, messages: written } = cache
    ? writeCached(system, turns, writer)
    : { systemText: systemValue(system.map(({ block }) => block)), messages: turns.map(messageOf) };
  const [legalSystem, legalMessages] = legalBreakpoints(systemText, written, repairs);
  return { prompt: { ...(legalSystem && { system: legalSystem }), messages: legalMessages }, repairs };
}

/** The index of the message of the user that begins the newest turn; -1 if there is none. */
function newestTurnIn(messages: readonly ArrangedMessage[]): number {
  return messages.findLastIndex(({ isInOpenTurn }) => !isInOpenTurn);
}

/** Writes system text and turns with new cache breakpoints. */
function writeCached(
  system: readonly SystemBlock[],
  turns: readonly Turn[],
  { written, summaries, older }: AnthropicWriter,
) {
  const texts = system.map(({ block }) => block);
  const firstSummary = system.findIndex(({ isSummary }) => isSummary);
  const pins = firstSummary === -1 ? texts : texts.slice(0, firstSummary);
  const summarized = system.filter(({ isSummary }) => isSummary).map(({ block }) => block);
  const middle = new Set([...summarized, ...summaries]);
  const prefixes = [new Set([...texts, ...written]), new Set(pins), middle.size > 0 ? middle : older];
  const blocks = withBreakpoints([...texts, ...turns.flatMap(({ content }) => content)], prefixes);
  let next = texts.length;
  return {
    systemText: systemValue(blocks.slice(0, texts.length)),
    messages: turns.map((turn) =>
      messageOf({ ...turn, content: blocks.slice(next, (next += turn.content.length)) }),
    ),
  };
}

function systemAsUser(message: ArrangedMessage): Fields[] {
  const isBlank = joinedText(message.items) === '';
  return isBlank ? [] : [{ type: 'text', text: systemAsUserText(message) }];
}

class AnthropicWriter {
  private readonly turns: AnthropicTurns;
  private readonly ids: ReadonlyMap<ToolCallItem, string>;
  private readonly repairs: Repair[];
  private readonly answered: ReadonlySet<ToolCallItem>;
  /** The calls whose results are in a message of the user. */
  private readonly ordinary: ReadonlySet<unknown>;
  /** All blocks of the window; those of summaries; those before the newest turn. */
  readonly written = new Set<Fields>();
  readonly summaries = new Set<Fields>();
  readonly older = new Set<Fields>();
  /** The server tool calls so far, and their ids. */
  private readonly serverCalls = new Set<ToolCallItem>();
  private readonly serverIds = new Set<unknown>();

  constructor(private readonly arrangement: Arrangement) {
    this.ids = assignCallIds(arrangement.messages, { maxLength: 64, isUniqueInPrompt: true });
    this.repairs = arrangement.repairs;
    this.answered = new Set(arrangement.callOf.values());
    const results = arrangement.messages.flatMap(({ role, items }) => (role === 'tool' ? items : []));
    this.ordinary = new Set(results.map((item) => item.kind === 'result' && arrangement.callOf.get(item)));
    this.turns = new AnthropicTurns(arrangement.repairs);
  }

  /** @param isOlder whether the message is before the newest turn */
  add(message: ArrangedMessage, isOlder: boolean): void {
    const { seq, role, summary } = message;
    const blocks = role === 'system' ? systemAsUser(message) : this.blocks(message);
    for (const block of blocks) {
      this.written.add(block);
      if (summary) this.summaries.add(block);
      if (isOlder) this.older.add(block);
    }
    this.turns.add(
      role === 'assistant' ? 'assistant' : 'user',
      blocks,
      seq,
      role === 'system' || isString(message),
    );
  }

  private blocks(message: ArrangedMessage): Fields[] {
    return message.items.flatMap((item): Fields[] => {
      const block = this.block(item, message);
      return block ? [block] : [];
    });
  }

  /** The turns; the first and the last are of the user. */
  finish(hasSystem: boolean): Turn[] {
    const { messages } = this.arrangement;
    return this.turns.finish(hasSystem, messages[0]?.seq ?? 0);
  }

  private block(item: Item, message: ArrangedMessage): Fields | undefined {
    const { seq, role } = message;
    const isInPlace = role === 'assistant' && !(item.kind === 'call' && this.ordinary.has(item));
    if (isServerBlock(item) && isInPlace) return this.serverBlock(item, seq);
    switch (item.kind) {
      case 'text':
        return textBlock(item, item.text);
      case 'media': {
        const block = role === 'user' ? mediaBlock(item.media, item.source) : undefined;
        return block ?? this.leaveOut(seq, item, 'Anthropic does not accept it here');
      }
      case 'reasoning':
        return this.thinking(item, message);
      case 'call':
        return this.toolUse(item, seq);
      case 'result':
        return this.toolResult(item, seq);
      case 'step':
        return undefined;
      case 'opaque':
        return this.leaveOut(seq, item, 'the format has no such part');
    }
  }

  /** A block of a server tool. Its ids must be unique, and a call needs its result. */
  private serverBlock(item: Item, seq: number): Fields | undefined {
    if (item.kind === 'call') {
      if (!this.answered.has(item)) return this.leaveOut(seq, item, 'it has no result');
      if (this.serverIds.has(item.id)) return this.leaveOut(seq, item, 'another call has the same id');
      this.serverIds.add(item.id);
      this.serverCalls.add(item);
    }
    const call = item.kind === 'result' ? this.arrangement.callOf.get(item) : undefined;
    if (call && !this.serverCalls.has(call)) return this.leaveOut(seq, item, 'its call was left out');
    return serverBlock(item);
  }

  /**
   * Thinking of a turn that is over is valid only while everything before it is unchanged. In the turn that goes on it must stay,
   * because a message with an open call begins with its thinking.
   */
  private thinking(
    item: Item & { kind: 'reasoning' },
    { seq, role, isInOpenTurn }: ArrangedMessage,
  ): Fields | undefined {
    const block = thinkingBlock(item);
    if (role !== 'assistant') return this.leaveOut(seq, item, 'only the model thinks');
    if (!block) return this.leaveOut(seq, item, 'it has no signature of Anthropic');
    if (isInOpenTurn || this.arrangement.isWholeLog) return block;
    return this.leaveOut(seq, item, 'its signature is not valid after earlier messages were left out');
  }

  private toolUse(call: ToolCallItem, seq: number): Fields {
    const id = this.ids.get(call) ?? '';
    if (isNativeToolUse(call, id)) return call.source;
    const name = legalToolName(call.name);
    this.repairs.push(...renamedCall(call, seq, id, name));
    if (!isObject(call.input))
      this.repairs.push({ code: 'rewritten', seq, call_id: id, action: 'made the arguments an object' });
    return { type: 'tool_use', id, name, input: argumentsObject(call) };
  }

  private toolResult(item: ToolResultItem, seq: number): Fields {
    const call = this.arrangement.callOf.get(item);
    const block = toolResultBlock(item, (call && this.ids.get(call)) ?? '');
    const media = outputMedia(item);
    if (block !== item.source && media.some((each) => !mediaBlock(each)))
      this.repairs.push(leftOut(seq, item, 'Anthropic does not accept this kind of media'));
    return block;
  }

  private leaveOut(seq: number, item: Item, reason: string): Fields | undefined {
    this.repairs.push(leftOut(seq, item, reason));
    return undefined;
  }
}

function isString({ contentForm, event, isWhole }: ArrangedMessage): boolean {
  return isWhole && contentForm !== 'parts' && event.parts.length === 1;
}
