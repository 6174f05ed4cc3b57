import { validatePrompt } from '@fastpaca/messages/validate';
import Fastify, { type FastifyInstance } from 'fastify';
import { PROVIDER_APIS, type ProviderApi } from './provider-apis.js';

/** A request that a provider received, whether or not it was accepted. */
export interface ReceivedRequest {
  format: ProviderApi['format'];
  prompt: Record<string, unknown>;
}

/**
 * The APIs of OpenAI, Anthropic and Google on a local port. A request that breaks a rule of the provider is rejected as the provider
 * rejects it, with a 400. Nothing is streamed.
 */
export class ProviderStub {
  readonly requests: ReceivedRequest[] = [];
  private readonly app: FastifyInstance = Fastify({ bodyLimit: 64 * 1024 * 1024 });
  private url = '';

  private constructor() {
    for (const api of PROVIDER_APIS) {
      this.app.post(api.path, async (request, reply) => {
        const [status, body] = this.answer(api, request.body as Record<string, unknown>);
        return reply.code(status).send(body);
      });
    }
  }

  static async start(): Promise<ProviderStub> {
    const stub = new ProviderStub();
    stub.url = await stub.app.listen({ host: '127.0.0.1', port: 0 });
    return stub;
  }

  async stop(): Promise<void> {
    await this.app.close();
  }

  /** Environment variables that direct the providers' clients to this server. */
  get env(): Record<string, string> {
    return {
      OPENAI_BASE_URL: `${this.url}/v1`,
      ANTHROPIC_BASE_URL: this.url,
      GOOGLE_GEMINI_BASE_URL: this.url,
      OPENAI_API_KEY: 'none',
      ANTHROPIC_API_KEY: 'none',
      GEMINI_API_KEY: 'none',
    };
  }

  private answer({ format, promptFields, answer, rejection }: ProviderApi, body: Record<string, unknown>) {
    const given = promptFields.filter((field) => body[field] !== undefined);
    const prompt = Object.fromEntries(given.map((field) => [field, body[field]]));
    this.requests.push({ format, prompt });
    const [violation] = validatePrompt(format, prompt);
    if (!violation) return [200, answer] as const;
    return [400, rejection(`${violation.path}: ${violation.message}`, violation)] as const;
  }
}
