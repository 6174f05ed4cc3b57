import { isObject } from '../event.js';
import type { Repair } from '../window-event.js';

type Fields = Record<string, unknown>;

export interface ModelMessage extends Fields {
  role: string;
  content: string | readonly Fields[];
}

/** A message of the prompt, and where it comes from. */
export interface WrittenMessage {
  message: ModelMessage;
  seq: number;
  /** The message is as the caller wrote it. */
  isAsSent: boolean;
}

/**
 * Joins consecutive messages of the model, and consecutive tool messages, where a provider wants one:
 *
 * - AI SDK 5 sends tool messages one by one, but Gemini accepts all results of a message of the model only together.
 * - Gemini accepts a call only after a message of the user or after results, not after another message of the model.
 * - Providers leave out reasoning of other providers, and reject the message that is then empty. Anthropic rejects a message that
 *   ends with reasoning.
 */
export function joinRuns(messages: readonly WrittenMessage[], repairs: Repair[]): ModelMessage[] {
  return runsOfOneRole(messages).flatMap((run) => {
    const joined = mustJoin(run) ? [join(run, repairs)] : run;
    return joined.flatMap((written) => withoutLastReasoning(written, repairs));
  });
}

function runsOfOneRole(messages: readonly WrittenMessage[]): WrittenMessage[][] {
  const runs: WrittenMessage[][] = [];
  for (const written of messages) {
    const run = runs.at(-1);
    const { role } = written.message;
    const isJoinable = role === 'assistant' || role === 'tool';
    if (isJoinable && run?.[0]?.message.role === role) run.push(written);
    else runs.push([written]);
  }
  return runs;
}

function mustJoin(run: readonly WrittenMessage[]): boolean {
  const [first, ...others] = run;
  if (others.length === 0) return false;
  return (
    first?.message.role === 'tool' ||
    run.some(({ isAsSent, message }) => !isAsSent || isReasoningOnly(message)) ||
    others.some(({ message }) => partsOf(message).some(isCall))
  );
}

function join(run: readonly WrittenMessage[], repairs: Repair[]): WrittenMessage {
  const [first] = run;
  for (const { seq, isAsSent } of run)
    if (isAsSent && seq !== first?.seq)
      repairs.push({ code: 'moved', seq, action: 'joined the message with the one before it' });
  const role = first?.message.role ?? 'assistant';
  const content = run.flatMap(({ message }) => partsWithOptions(message));
  return { message: { role, content }, seq: run.at(-1)?.seq ?? 0, isAsSent: false };
}

/** The options of a message go to its last part, as the AI SDK itself does it. */
function partsWithOptions(message: ModelMessage): Fields[] {
  const parts = [...partsOf(message)];
  const last = parts.pop();
  const { providerOptions } = message;
  if (!last) return [];
  return [
    ...parts,
    isObject(providerOptions) ? { ...last, providerOptions: merge(providerOptions, last) } : last,
  ];
}

function merge(options: Fields, { providerOptions: own }: Fields): Fields {
  if (!isObject(own)) return options;
  const providers = Object.keys({ ...options, ...own });
  return Object.fromEntries(
    providers.map((name) => [name, { ...(options[name] as object), ...(own[name] as object) }]),
  );
}

function withoutLastReasoning({ message, seq }: WrittenMessage, repairs: Repair[]): ModelMessage[] {
  if (message.role !== 'assistant') return [message];
  const parts = partsOf(message);
  const end = isReasoningOnly(message) ? 0 : parts.findLastIndex((part) => !isReasoning(part)) + 1;
  if (end === parts.length) return [message];
  repairs.push({
    code: 'left_out',
    seq,
    action: 'left out reasoning: nothing of the model follows it in its message',
  });
  return end === 0 ? [] : [{ ...message, content: parts.slice(0, end) }];
}

function partsOf({ content }: ModelMessage): readonly Fields[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

function isCall({ type, providerExecuted }: Fields): boolean {
  return type === 'tool-call' && providerExecuted !== true;
}

function isReasoning({ type }: Fields): boolean {
  return type === 'reasoning' || type === 'reasoning-file';
}

/** An empty text may carry a signature; without the provider that wrote it, it is nothing. */
function isReasoningOnly(message: ModelMessage): boolean {
  return partsOf(message).every((part) => isReasoning(part) || (part.type === 'text' && part.text === ''));
}
