import {
  Agent,
  MemorySession,
  OpenAIResponsesModel,
  run,
  setTracingDisabled,
  type AgentInputItem,
} from '@openai/agents';
import OpenAI from 'openai';

const ANSWER = {
  id: 'resp_1',
  object: 'response',
  status: 'completed',
  output: [
    {
      type: 'message',
      id: 'msg_answer',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'Yes.', annotations: [] }],
    },
  ],
  usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
};

/** Runs an agent whose session has these items, and returns the `input` that its model sends to OpenAI. */
export async function capturedAgentInput(items: AgentInputItem[]): Promise<unknown[]> {
  setTracingDisabled(true);
  let input: unknown[] = [];
  const client = new OpenAI({
    apiKey: 'none',
    maxRetries: 0,
    fetch: (_url, init) => {
      ({ input } = JSON.parse(init?.body as string) as { input: unknown[] });
      return Promise.resolve(Response.json(ANSWER));
    },
  });
  const agent = new Agent({ name: 'Assistant', model: new OpenAIResponsesModel(client, 'gpt-5') });
  await run(agent, 'And now?', { session: new MemorySession({ initialItems: items }) });
  return input;
}
