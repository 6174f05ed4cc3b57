import { ChatAnthropic } from '@langchain/anthropic';
import type { BaseMessage } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';

const OPENAI_ANSWER = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'gpt-4.1',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Yes.' } }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
};

const RESPONSES_ANSWER = {
  id: 'resp_1',
  object: 'response',
  model: 'gpt-5',
  status: 'completed',
  output: [
    {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'Yes.', annotations: [] }],
    },
  ],
  usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
};

const ANTHROPIC_ANSWER = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5',
  content: [{ type: 'text', text: 'Yes.' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 1, output_tokens: 1 },
};

/** Answers each request of a provider's client, and keeps the body of the last one. */
class CapturingFetch {
  body: Record<string, unknown> = {};

  constructor(private readonly answer: object) {}

  readonly fetch: typeof fetch = (_url, init) => {
    this.body = JSON.parse(init?.body as string) as Record<string, unknown>;
    return Promise.resolve(Response.json(this.answer));
  };
}

const openAi = new CapturingFetch(OPENAI_ANSWER);
const responses = new CapturingFetch(RESPONSES_ANSWER);
const anthropic = new CapturingFetch(ANTHROPIC_ANSWER);
const options = { apiKey: 'none', maxRetries: 0 };
const chatOpenAi = new ChatOpenAI({
  ...options,
  model: 'gpt-4.1',
  configuration: { fetch: openAi.fetch },
});
const chatResponses = new ChatOpenAI({
  ...options,
  model: 'gpt-5',
  useResponsesApi: true,
  configuration: { fetch: responses.fetch },
});
const chatAnthropic = new ChatAnthropic({
  ...options,
  model: 'claude-sonnet-4-5',
  clientOptions: { fetch: anthropic.fetch },
});

/** What `@langchain/openai` sends to OpenAI's Chat Completions API for these messages. */
export async function capturedOpenAiPrompt(messages: BaseMessage[]): Promise<{ messages: unknown }> {
  await chatOpenAi.invoke(messages);
  return { messages: openAi.body.messages };
}

/** What `@langchain/openai` sends to OpenAI's Responses API for these messages. */
export async function capturedResponsesPrompt(messages: BaseMessage[]): Promise<{ input: unknown }> {
  await chatResponses.invoke(messages);
  return { input: responses.body.input };
}

/** What `@langchain/anthropic` sends to Anthropic's Messages API for these messages. */
export async function capturedAnthropicPrompt(messages: BaseMessage[]): Promise<Record<string, unknown>> {
  await chatAnthropic.invoke(messages);
  const { messages: turns, system } = anthropic.body;
  return { messages: turns, ...(system !== undefined && { system }) };
}
