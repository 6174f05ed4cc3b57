import {
  CACHED_FORMATS,
  renderPrompt,
  type Format,
  type PromptOptions,
  type Repair,
  type WindowEvent,
} from '@fastpaca/messages';
import { createHash } from 'node:crypto';
import type { CooperativeTask } from '../common/cooperative-task.js';
import type { Violation } from '../common/errors/app-error.js';
import type { ConversationId } from '../common/conversation-id.js';
import { chunks } from '../common/in-turns.js';
import { stringifyWithSource } from '../common/json/json-source.js';
import type { WindowMessage } from './window-message.js';

/** A window in the format of a provider. */
export interface RenderedWindow {
  /** The value of `prompt` in the response, as JSON text. Parts that did not have to be converted are spelled as they were sent. */
  json: string;
  repairs: Repair[];
}

/** A step parses at most `ITEMS_PER_TURN` messages, or renders all of them, or writes the text. */
export function* renderMessages(
  format: Format,
  messages: readonly WindowMessage[],
  options: PromptOptions,
): CooperativeTask<RenderedWindow> {
  const events: WindowEvent[] = [];
  for (const chunk of chunks(messages)) {
    for (const message of chunk) events.push(message.toWindowEvent());
    yield;
  }
  const { prompt, repairs } = renderPrompt(format, events, options);
  yield;
  const isPlain = messages.every(({ isPlainJson }) => isPlainJson);
  return { json: isPlain ? JSON.stringify(prompt) : stringifyWithSource(prompt), repairs };
}

/** How the prompt of a window is written. @param cache whether it is prepared for the prompt cache of the provider */
export function promptOptions({ namespace, id }: ConversationId, cache: boolean | undefined): PromptOptions {
  if (!cache) return {};
  // 43 characters; OpenAI accepts 64.
  const key = createHash('sha256')
    .update(JSON.stringify([namespace, id]))
    .digest('base64url');
  return { cache: { key } };
}

/** Only some formats can be prepared for a prompt cache. */
export function cacheViolations(format: unknown, cache: unknown): Violation[] {
  const isPossible = (CACHED_FORMATS as readonly unknown[]).includes(format);
  if (cache !== true || isPossible) return [];
  return [{ path: 'cache', message: `needs one of the formats ${CACHED_FORMATS.join(', ')}` }];
}
