import { isStepCount, streamText, type ModelMessage, type UIMessage } from 'ai';
import type { Client, Context } from 'fastpaca';
import { model } from './model.ts';
import { toolApproval, tools } from './tools.ts';

/** Small, so that the gauge moves. */
const TOKEN_BUDGET = 2000;

/** How much of its token budget the window of a conversation uses. */
export interface Gauge {
  usedTokens: number;
  budgetTokens: number;
  needsCompaction: boolean;
  /** Number of messages in the window. */
  messages: number;
}

/** What `useChat` asks for. */
export interface ChatRequest {
  /** Only the newest is used. */
  messages: unknown[];
  /** Default: `submit-message`. */
  trigger?: 'submit-message' | 'regenerate-message' | undefined;
  /** The message that is edited, or the answer that is made again. */
  messageId?: string | undefined;
}

/** The conversations of the page. */
export class Chat {
  private readonly client: Client;
  /** Stops the answer that is being streamed, by the id of its conversation. */
  private readonly answers = new Map<string, AbortController>();

  constructor(client: Client) {
    this.client = client;
  }

  /** The log without what was edited or made again, as `useChat` takes it. */
  async messages(id: string): Promise<UIMessage[]> {
    const ctx = await this.open(id);
    return (await ctx.uiMessages()) as UIMessage[];
  }

  async gauge(id: string): Promise<Gauge> {
    const ctx = await this.open(id);
    const { usedTokens, budgetTokens, needsCompaction, messages } = await ctx.window();
    return { usedTokens, budgetTokens, needsCompaction, messages: messages.length };
  }

  /** Appends what the user has sent, edited or decided, or withdraws an answer; then streams the answer of the model. */
  async answer(id: string, { messages, trigger, messageId }: ChatRequest): Promise<Response> {
    const ctx = await this.open(id);
    if (trigger === 'regenerate-message') await ctx.regenerate({ messageId });
    else await ctx.appendNewest(messages, { messageId });
    const stop = new AbortController();
    const { signal } = stop;
    const answer = ctx.stream(
      (window: ModelMessage[]) =>
        streamText({
          ...{ model, tools, toolApproval, stopWhen: isStepCount(5) },
          messages: window,
          abortSignal: signal,
        }),
      {
        signal,
        onAbort: 'save',
        onError: () => 'The model failed; see the terminal.', // streamText logs the error there
      },
    );
    this.answers.set(id, stop);
    const forget = () => {
      if (this.answers.get(id) === stop) this.answers.delete(id);
    };
    answer.then(({ appended }) => appended).then(forget, forget);
    return answer.toResponse();
  }

  /** Stops the answer that is being streamed. What the page has of it is stored. */
  stop(id: string): void {
    this.answers.get(id)?.abort();
  }

  private async open(id: string): Promise<Context> {
    return this.client.context(id).budget(TOKEN_BUDGET);
  }
}
