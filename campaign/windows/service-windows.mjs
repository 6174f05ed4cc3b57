// Windows of a conversation in a running service: stored with its compactions, and read under all of its policies and budgets.
import { HttpClient, conversationPath } from '../http-client.mjs';
import { LIBRARY_FORMATS, LibraryRequests } from './library-requests.mjs';

/** Most events of one append. */
const MAX_TURN_SIZE = 100;

export class ServiceWindows {
  /** @param url of a running service; if undefined, the built service is started on a PostgreSQL of its own */
  static async open(url) {
    const environment = url === undefined ? await startEnvironment() : { url, stop: () => undefined };
    return new ServiceWindows(environment);
  }

  /** @param environment the service, `{ url, stop }` */
  constructor(environment) {
    this.environment = environment;
    this.http = new HttpClient(() => environment.url);
    this.stored = 0;
    /** The policy of each stored conversation. */
    this.policies = new Map();
  }

  /**
   * Stores the conversation.
   *
   * @returns readings `{ name, policy, items, render, check }`: `render(format, items)` gives the window of these items, stored as a
   *   new conversation unless they are all of its events
   */
  async readings({ events, settings }) {
    const id = await this.store(events, settings);
    return settings.policies.flatMap((policy) =>
      settings.budgets.map((budget) => ({
        name: `${JSON.stringify(policy)}, budget_tokens ${budget ?? '–'}, token_budget ${settings.tokenBudget}, compactions ${JSON.stringify(settings.compactions)}`,
        policy: policy.strategy,
        items: events,
        check: () => [],
        render: async (format, items) => {
          const source = items === events ? id : await this.store(items, settings);
          return this.read(source, { policy, budget, format, settings });
        },
      })),
    );
  }

  /** @throws Error the service refused a request */
  async store(events, { tokenBudget, compactions }) {
    this.stored += 1;
    const id = `windows-${this.stored}`;
    await this.send('PUT', id, '', { token_budget: tokenBudget, policy: { strategy: 'budget' } });
    for (let start = 0; start < events.length; start += MAX_TURN_SIZE)
      await this.send('POST', id, '/events', { events: events.slice(start, start + MAX_TURN_SIZE) });
    for (const compaction of compactions)
      if (compaction.to_seq <= events.length) await this.send('POST', id, '/compact', compaction);
    return id;
  }

  async read(id, { policy, budget, format, settings }) {
    await this.usePolicy(id, policy, settings.tokenBudget);
    if (format in LIBRARY_FORMATS) return { prompt: await this.libraryPrompt(format, id, budget) };
    const parameters = new URLSearchParams({
      format,
      ...(budget !== undefined && { budget_tokens: budget }),
    });
    return this.send('GET', id, `/window?${parameters}`);
  }

  /** Loads the libraries when a format needs them. */
  async libraryPrompt(library, id, budget) {
    this.libraries ??= LibraryRequests.load(this.environment.url);
    return (await this.libraries).prompt(library, id, budget);
  }

  async usePolicy(id, policy, tokenBudget) {
    if (this.policies.get(id) === policy) return;
    await this.send('PUT', id, '', { token_budget: tokenBudget, policy });
    this.policies.set(id, policy);
  }

  async send(method, id, path, body) {
    const {
      status,
      text,
      problem,
      body: answer,
    } = await this.http.send(method, conversationPath(id, path), { body });
    if (status >= 200 && status < 300) return answer;
    throw new Error(`${method} ${path}: ${status} ${text ?? problem}`);
  }

  async stop() {
    this.http.close();
    await this.environment.stop();
  }
}

async function startEnvironment() {
  const { Environment } = await import('../../bench/environment.mjs');
  return Environment.start();
}
