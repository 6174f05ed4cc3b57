import { median } from '../quantile.mjs';
import { ROUNDS } from '../settings.mjs';

/** How long the largest event blocks the event loop. */
export async function stall({ conversations, service, url }, table) {
  await conversations.create('stall', 1);
  const stalls = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    // The first round starts the worker thread that counts tokens.
    const body = JSON.stringify({ event: { role: 'user', content: 'a'.repeat(8 * 1024 * 1024 - 100) } });
    await service.watchStalls();
    const response = await fetch(`${url}/v1/conversations/stall-0/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    if (response.status !== 201)
      throw new Error(`the large event: ${response.status} ${await response.text()}`);
    stalls.push((await service.report()).longestStallMs);
  }
  table.row('longest event-loop stall: 8 MiB of one letter appended', median(stalls), 'ms', { atMost: 50 });
}
