// What the AI SDK 5, 6 and 7 make of a prompt: the request that its provider packages would send, captured before it is sent.
import { createRequire } from 'node:module';
import { PDF, PNG } from './words.mjs';

// The packages are dependencies of the client's tests.
const require = createRequire(new URL('../../packages/sdk/package.json', import.meta.url));
const load = (name) => import(require.resolve(name));

const PACKAGES = {
  5: {
    ai: 'ai-v5',
    openai: 'ai-sdk-openai-v5',
    anthropic: 'ai-sdk-anthropic-v5',
    google: 'ai-sdk-google-v5',
  },
  6: {
    ai: 'ai-v6',
    openai: 'ai-sdk-openai-v6',
    anthropic: 'ai-sdk-anthropic-v6',
    google: 'ai-sdk-google-v6',
  },
  7: { ai: 'ai', openai: '@ai-sdk/openai', anthropic: '@ai-sdk/anthropic', google: '@ai-sdk/google' },
};

// Warnings about a prompt would be most of what the campaign prints.
globalThis.AI_SDK_LOG_WARNINGS = false;

/** How to read the prompt of each provider from its request. */
const PROMPT_FIELDS = {
  'openai-chat': ['messages'],
  'openai-responses': ['input'],
  anthropic: ['system', 'messages'],
  gemini: ['systemInstruction', 'contents'],
};

export const PROVIDER_FORMATS = Object.keys(PROMPT_FIELDS);
export const AI_VERSIONS = [5, 6, 7];

/** One major version of the AI SDK, with a model of each provider. */
export class AiSdk {
  static async load(version) {
    const names = PACKAGES[version];
    const [ai, openai, anthropic, google] = await Promise.all(
      [names.ai, names.openai, names.anthropic, names.google].map(load),
    );
    const sdk = new AiSdk();
    const settings = (fetch) => ({ apiKey: 'key', fetch });
    Object.assign(sdk, {
      version,
      ai,
      models: {
        'openai-chat': (fetch) => openai.createOpenAI(settings(fetch)).chat('gpt-4.1'),
        'openai-responses': (fetch) => openai.createOpenAI(settings(fetch)).responses('gpt-5'),
        anthropic: (fetch) => anthropic.createAnthropic(settings(fetch))('claude-opus-4-8'),
        gemini: (fetch) =>
          (google.createGoogle ?? google.createGoogleGenerativeAI)(settings(fetch))('gemini-3-pro-preview'),
      },
    });
    return sdk;
  }

  /**
   * The prompt in the request to the provider of a format.
   *
   * @param prompt `{ system?, messages }`
   * @returns `{ prompt }`, or `{ error }` if the AI SDK throws before it sends a request
   */
  async request(format, prompt) {
    let body;
    const model = this.models[format]((_url, { body: json }) => {
      body = JSON.parse(json);
      return Promise.reject(new Error('captured'));
    });
    try {
      await this.ai.generateText({
        model,
        ...prompt,
        ...this.toolsOf(prompt),
        maxRetries: 0,
        experimental_download: download,
        providerOptions: { openai: { store: false } },
      });
    } catch (error) {
      if (!body) return { error };
    }
    return { prompt: Object.fromEntries(PROMPT_FIELDS[format].map((field) => [field, body[field]])) };
  }

  /** The tools of calls that the user has just approved: the AI SDK runs them first. */
  toolsOf({ messages }) {
    const { role, content } = messages.at(-1);
    if (role !== 'tool' || !content.some(({ type }) => type === 'tool-approval-response')) return {};
    const inputSchema = this.ai.jsonSchema({ type: 'object' });
    const tool = { inputSchema, needsApproval: true, execute: () => 'done' };
    const calls = messages.flatMap((message) => (Array.isArray(message.content) ? message.content : []));
    const names = calls.flatMap(({ type, toolName }) => (type === 'tool-call' ? [toolName] : []));
    return { tools: Object.fromEntries(names.map((name) => [name, tool])) };
  }
}

/** Files on the web that a provider does not load itself. */
async function download(files) {
  return files.map(({ url, isUrlSupportedByModel }) => {
    if (isUrlSupportedByModel) return null;
    return url.pathname.endsWith('.png')
      ? { data: Buffer.from(PNG, 'base64'), mediaType: 'image/png' }
      : { data: Buffer.from(PDF, 'base64'), mediaType: 'application/pdf' };
  });
}
