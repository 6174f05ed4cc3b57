import { createClient, type Client } from './client.js';

let client: Client | undefined;

/**
 * The ready-made client: the service at `FASTPACA_URL` (default `http://localhost:4000/v1`), with the key in
 * `FASTPACA_API_KEY` if there is one. Both are read when it is first used.
 */
export const fastpaca: Client = {
  context: (id) => {
    client ??= createClient({
      baseUrl: variable('FASTPACA_URL'),
      apiKey: variable('FASTPACA_API_KEY'),
    });
    return client.context(id);
  },
};

/** Of the environment, on runtimes that have one; an empty variable is none. */
function variable(name: string): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  const value = process?.env?.[name]?.trim();
  return value === '' ? undefined : value;
}
