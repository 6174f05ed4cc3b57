import { renderPrompt, type Format, type Repair } from '@fastpaca/messages';
import { stringifyWithSource } from '../common/json/json-source.js';
import type { WindowMessage } from './window-message.js';

/** A window in the format of a provider. */
export interface RenderedWindow {
  /** The value of `prompt` in the response, as JSON text. Parts that did not have to be converted are spelled as they were sent. */
  json: string;
  repairs: Repair[];
}

export function renderMessages(format: Format, messages: readonly WindowMessage[]): RenderedWindow {
  const { prompt, repairs } = renderPrompt(
    format,
    messages.map((message) => message.toWindowEvent()),
  );
  const isPlain = messages.every(({ isPlainJson }) => isPlainJson);
  return { json: isPlain ? JSON.stringify(prompt) : stringifyWithSource(prompt), repairs };
}
