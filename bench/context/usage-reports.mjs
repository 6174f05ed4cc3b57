import { setTimeout as delay } from 'node:timers/promises';

const REPORTS = 5;
/** What the provider counts besides the window: its own framing, tools and a system prompt that the client adds. */
const CONSTANT_TOKENS = 700;
/** Tokens of a message besides its text, here and in the reference. */
const FRAME_TOKENS = 4;
/** How often to ask whether a report has been processed. The service does that after it has answered. */
const TRIES = 100;

/**
 * Reports what the provider counted after each of five calls, in a conversation whose messages are texts of one class.
 *
 * @returns tokens of a window with texts of this class after that, and those of the provider; undefined if the service does not learn
 */
export async function learnedCount(client, { model, name, text, tokensOf }) {
  await client.forget(model);
  const id = `usage-${model}-${name}`;
  if (!(await client.create(id, { token_budget: 1_000_000, model }))) return undefined;
  const texts = text.split('\n\n');
  let provider = 0;
  const append = async (role, content, more) => {
    provider += tokensOf(content) + FRAME_TOKENS;
    await client.append(id, [{ role, content }], more);
  };
  for (let report = 0; report < REPORTS; report += 1) {
    await append('user', text);
    const window = JSON.parse(await client.windowText(id, 1_000_000));
    const usage = { model, window_version: window.version, input_tokens: provider + CONSTANT_TOKENS };
    await append('assistant', texts[report % texts.length], { usage });
    await untilProcessed(client, model, report + 1);
  }
  const { used_tokens: tokens, token_factor: factor } = JSON.parse(await client.windowText(id, 1_000_000));
  return { tokens, provider, factor };
}

async function untilProcessed(client, model, count) {
  for (let tries = 0; tries < TRIES && (await client.reportCount(model)) < count; tries += 1) await delay(50);
}
