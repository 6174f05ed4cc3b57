// How long a window takes right after an append, for every policy, also in comparison with another checkout.
import { median } from '../quantile.mjs';
import { Client } from './client.mjs';
import { longConversation } from './long-conversation.mjs';
import { modelCalls } from './model-calls.mjs';
import { startPatientService } from './patient-service.mjs';
import { LONG_ROWS } from './policies.mjs';

const LOG_TURNS = 1500;
const WARM_UP_CALLS = 50;
const CALLS = 300;

/**
 * Prints a row per policy and budget: the time of `GET …/window` right after an append.
 *
 * @param options `against`: the folder of another built checkout. Both services run; each measures every call, in turns that
 *   begin with one or the other. The result is the median of the ratios.
 */
export async function measureTimes(client, { against }) {
  const other = against === undefined ? undefined : await startPatientService(against);
  try {
    const clients = other === undefined ? [client] : [client, new Client(other.url)];
    console.log('\nTime of a window right after an append');
    console.table(await measureRows(clients));
  } finally {
    await other?.stop();
  }
}

async function measureRows(clients) {
  const calls = modelCalls(longConversation(LOG_TURNS));
  const measured = calls.splice(-(WARM_UP_CALLS + CALLS));
  const rows = [];
  for (const { name, policy, budgets } of LONG_ROWS) {
    const id = `time-${name}`;
    for (const client of clients) {
      await client.create(id, { token_budget: Math.max(...budgets), policy });
      for (let at = 0; at < calls.length; at += 30) await client.append(id, calls.slice(at, at + 30).flat());
    }
    for (const budget of budgets) {
      const times = await timeCalls(clients, id, measured, budget);
      const ratios = times.map(([own, others]) => own / others);
      rows.push({
        policy: name,
        budget,
        'p50, ms': round(median(times.map(([own]) => own))),
        ...(clients.length === 2 && {
          'against, p50, ms': round(median(times.map(([, others]) => others))),
          ratio: round(median(ratios)),
        }),
      });
    }
  }
  return rows;
}

/** @returns per call the time of each client, in milliseconds */
async function timeCalls(clients, id, calls, budget) {
  const times = [];
  for (const [index, events] of calls.entries()) {
    const ofCall = [];
    const order = [...clients.keys()];
    for (const which of index % 2 ? order : order.reverse()) {
      await clients[which].append(id, events);
      const startedAt = performance.now();
      await clients[which].windowText(id, budget);
      ofCall[which] = performance.now() - startedAt;
    }
    if (index >= WARM_UP_CALLS) times.push(ofCall);
  }
  return times;
}

function round(value) {
  return Math.round(value * 1000) / 1000;
}
