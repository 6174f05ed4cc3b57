import { streamText, type ModelMessage } from 'ai';
import { NotFoundError, type Client, type ContextBuilder } from 'fastpaca';
import { model } from './model.ts';

/** Small, so that the gauge moves. */
const TOKEN_BUDGET = 2000;

/** The request has no message. */
export class BadMessageError extends Error {}

/** The three routes of the page, as handlers of `Request`s. */
export class Chat {
  private readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  private conversation(id: string): ContextBuilder {
    return this.client.context(id).budget(TOKEN_BUDGET);
  }

  /** All messages of the conversation. */
  async history(id: string): Promise<Response> {
    const messages = [];
    try {
      for await (const { seq, role, parts } of this.client.context(id).replay()) {
        const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
        messages.push({ seq, role, text });
      }
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error; // the conversation has no message yet
    }
    return Response.json({ messages });
  }

  /** How much of the budget the window uses. */
  async gauge(id: string): Promise<Response> {
    const { usedTokens, budgetTokens, needsCompaction, messages } = await this.conversation(id).window();
    return Response.json({ usedTokens, budgetTokens, needsCompaction, messages: messages.length });
  }

  /** Appends the user's message, and streams the model's answer. */
  async say(id: string, request: Request): Promise<Response> {
    const body = (await request.json().catch(() => null)) as { message?: unknown } | null;
    const message = body?.message;
    if (typeof message !== 'string' || !message.trim()) {
      throw new BadMessageError('Say something: send {"message": "…"} as JSON.');
    }
    const ctx = await this.conversation(id);
    await ctx.append({ role: 'user', content: message });
    return ctx
      .stream((messages: ModelMessage[]) => streamText({ model, messages }), {
        onError: () => 'The model failed; see the terminal.', // streamText logs the error there
      })
      .toResponse();
  }
}
