// What the OpenAI Agents SDK and LangChain send to a provider for a conversation in a running service, through our session and our
// chat message history. The request is captured before it is sent.
import { createRequire } from 'node:module';

// The libraries are dependencies of the client's tests.
const require = createRequire(new URL('../../packages/sdk/package.json', import.meta.url));
const load = (name) => import(require.resolve(name));

/** The libraries with a provider of each, and the format of their requests. */
export const LIBRARY_FORMATS = {
  'openai-agents': 'openai-responses',
  'langchain-openai': 'openai-chat',
  'langchain-responses': 'openai-responses',
  'langchain-anthropic': 'anthropic',
};

const CAPTURED = new Error('captured');
const MODELS = {
  'langchain-openai': (modules, fetch) =>
    new modules.openai.ChatOpenAI({ ...OPTIONS, model: 'gpt-4.1', configuration: { fetch } }),
  'langchain-responses': (modules, fetch) =>
    new modules.openai.ChatOpenAI({
      ...OPTIONS,
      model: 'gpt-5',
      useResponsesApi: true,
      configuration: { fetch },
    }),
  'langchain-anthropic': (modules, fetch) =>
    new modules.anthropic.ChatAnthropic({ ...OPTIONS, model: 'claude-sonnet-4-5', clientOptions: { fetch } }),
};
const OPTIONS = { apiKey: 'none', maxRetries: 0 };

export class LibraryRequests {
  /** @param url of a running service */
  static async load(url) {
    const names = ['@openai/agents', 'openai', '@langchain/openai', '@langchain/anthropic'];
    const [agents, client, openai, anthropic] = await Promise.all(names.map(load));
    const sdk = (path) => import(new URL(`../../packages/sdk/dist/esm/${path}.js`, import.meta.url));
    const [{ createClient }, { FastpacaSession }, { FastpacaChatMessageHistory }] = await Promise.all(
      ['index', 'openai-agents', 'langchain'].map(sdk),
    );
    const requests = new LibraryRequests();
    Object.assign(requests, {
      modules: { agents, client, openai, anthropic },
      FastpacaSession,
      FastpacaChatMessageHistory,
    });
    requests.client = createClient({ baseUrl: url });
    agents.setTracingDisabled(true);
    return requests;
  }

  /**
   * @param library a name of LIBRARY_FORMATS
   * @param id of the conversation
   * @param budgetTokens as the parameter `budget_tokens`; undefined for none
   * @returns the prompt in the request
   */
  async prompt(library, id, budgetTokens) {
    const stored = this.client.context(id);
    const context = { id, window: (options) => stored.window({ ...options, budgetTokens }) };
    const { body, fetch } = capture();
    await this.send(library, context, fetch).catch((error) => {
      if (!body.json) throw error;
    });
    const { messages, input, system } = body.json ?? {};
    return { ...(messages && { messages }), ...(input && { input }), ...(system && { system }) };
  }

  async send(library, context, fetch) {
    if (library === 'openai-agents') {
      await this.runAgent(context, fetch);
      return;
    }
    const messages = await new this.FastpacaChatMessageHistory({ context }).getMessages();
    await MODELS[library](this.modules, fetch).invoke([...messages, { role: 'user', content: 'And now?' }]);
  }

  async runAgent(context, fetch) {
    const { agents, client } = this.modules;
    const initialItems = await new this.FastpacaSession({ context }).getItems();
    const model = new agents.OpenAIResponsesModel(new client.OpenAI({ ...OPTIONS, fetch }), 'gpt-5');
    const session = new agents.MemorySession({ initialItems });
    await agents.run(new agents.Agent({ name: 'Assistant', model }), 'And now?', { session });
  }
}

function capture() {
  const body = {};
  const fetch = (_url, request) => {
    body.json = JSON.parse(request.body);
    return Promise.reject(CAPTURED);
  };
  return { body, fetch };
}
