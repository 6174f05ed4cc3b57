import { createClient, type Client } from './client.js';

let client: Client | undefined;

/**
 * The default client. It calls the service at `FASTPACA_URL` (default `http://localhost:4000/v1`) with the key in
 * `FASTPACA_API_KEY`, if that is set. Both variables are read at the first use.
 */
export const fastpaca: Client = {
  context: (id) => defaultClient().context(id),
  get conversations() {
    return defaultClient().conversations;
  },
};

function defaultClient(): Client {
  return (client ??= createClient({
    baseUrl: environmentVariable('FASTPACA_URL'),
    apiKey: environmentVariable('FASTPACA_API_KEY'),
  }));
}

/** Undefined if the variable is empty, or if the runtime has no environment. */
function environmentVariable(name: string): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  const value = process?.env?.[name]?.trim();
  return value === '' ? undefined : value;
}
