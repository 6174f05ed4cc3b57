import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** 15 of the 100 conversations. */
const SAMPLE = join(import.meta.dirname, '../../test/fixtures/airline-conversations.jsonl');

/**
 * Conversations of an airline's assistant with tools, as messages of OpenAI Chat: recorded answers of a model and of a simulated
 * customer, from github.com/sierra-research/tau-bench (MIT).
 *
 * @param file one conversation `{id, messages}` per line; default: the sample of this repository
 */
export async function recordedConversations(file = SAMPLE) {
  const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line).messages);
}
