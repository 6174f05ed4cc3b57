import { expect } from '@jest/globals';
import type { TestService } from './test-service.js';

/** An event with one text part and a token count of `tokens`. */
export function textEvent(role: string, text: string, tokens: number): object {
  return { role, parts: [{ type: 'text', text }], token_count: tokens };
}

/** An event whose only part is a tool result. */
export function toolResultEvent(tokens: number): object {
  return { role: 'user', parts: [{ type: 'tool_result', output: 'x' }], token_count: tokens };
}

export function userEvents(count: number, tokens = 10): object[] {
  return Array.from({ length: count }, (_, index) => textEvent('user', `message ${index + 1}`, tokens));
}

/** Creates conversations on a service and reads their windows. */
export class WindowConversations {
  private created = 0;

  /** @param prefix of the conversation ids */
  constructor(
    private readonly service: TestService,
    private readonly prefix: string,
  ) {}

  /** Creates a conversation with these settings (budget 1000 by default) and events. @returns its id */
  async create(settings: object, events: object[] = []): Promise<string> {
    this.created += 1;
    const id = `${this.prefix}-${this.created}`;
    expect((await this.service.http.put(id, { token_budget: 1000, ...settings })).status).toBe(201);
    for (let start = 0; start < events.length; start += 100) {
      const appended = await this.service.http.append(id, { events: events.slice(start, start + 100) });
      expect(appended.status).toBe(201);
    }
    return id;
  }

  /** The seqs of the messages in the window. */
  async seqs(id: string, query = ''): Promise<number[]> {
    const { body } = await this.service.http.window(id, query);
    return body.messages.map(({ seq }: { seq: number }) => seq);
  }

  /** Compacts a range into one message. */
  async summarize(id: string, from: number, to: number, tokens = 10): Promise<void> {
    const replacement = [textEvent('system', `${from} to ${to}`, tokens)];
    const compacted = await this.service.http.compact(id, { from_seq: from, to_seq: to, replacement });
    expect(compacted.status).toBe(200);
  }
}
