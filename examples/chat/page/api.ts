import type { UIMessage } from 'ai';
import type { Gauge } from '../chat.ts';

const pathOf = (id: string, what: string) => `/api/chat/${encodeURIComponent(id)}/${what}`;

async function request(path: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(path, init);
  if (!response.ok) throw new Error(await response.text());
  return response;
}

/** The whole conversation, with the tool calls that still wait for the user. */
export async function loadMessages(id: string): Promise<UIMessage[]> {
  return (await request(pathOf(id, 'messages'))).json() as Promise<UIMessage[]>;
}

export async function loadGauge(id: string): Promise<Gauge> {
  return (await request(pathOf(id, 'gauge'))).json() as Promise<Gauge>;
}

/**
 * Stops the answer at the server. A `stop()` of `useChat` would only end this page's request: the server cannot tell it from a
 * closed tab, and would store the whole answer.
 */
export async function stopAnswer(id: string): Promise<void> {
  await request(pathOf(id, 'answer'), { method: 'DELETE' });
}
