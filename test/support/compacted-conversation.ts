import { expect } from '@jest/globals';
import type { HttpClient } from './http-client.js';

/** A replacement message. */
export const summary = (text: string) => ({ role: 'system', parts: [{ type: 'text', text }] });

/** Creates a conversation with the events `m1` … `m<count>`. With the default policy its window contains all events. */
export async function createConversation(
  http: HttpClient,
  id: string,
  count: number,
  policy: object = { strategy: 'budget' },
): Promise<void> {
  await http.put(id, { token_budget: 1_000_000, policy });
  const events = Array.from({ length: count }, (_, index) => ({ role: 'user', content: `m${index + 1}` }));
  if (count) expect((await http.append(id, { events })).status).toBe(201);
}

/** The messages of the window: `from-to:text` for a message of a summary, `seq:text` for a live message. */
export async function timelineOf(http: HttpClient, id: string): Promise<string[]> {
  const { body } = await http.window(id);
  return body.messages.map((message: any) =>
    message.from_seq === undefined
      ? `${message.seq}:${message.parts[0].text}`
      : `${message.from_seq}-${message.to_seq}:${message.parts[0].text}`,
  );
}

/** The live messages of a range, as `timelineOf` writes them. */
export function live(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `${from + index}:m${from + index}`);
}
