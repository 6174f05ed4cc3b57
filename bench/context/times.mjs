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
 * Prints a row per policy and budget: the time of `GET …/window` right after an append, and the CPU time that the service takes for
 * both.
 *
 * @param options `service`: that of the client; `against`: the folder of another built checkout. Both services run; each handles every
 *   call, in turns that begin with one or the other. The ratio is the median of the ratios of the calls.
 */
export async function measureTimes(client, { service, against }) {
  const other = against === undefined ? undefined : await startPatientService(against);
  try {
    const own = { client, service };
    const subjects = other === undefined ? [own] : [own, { client: new Client(other.url), service: other }];
    console.log('\nTime of a window right after an append');
    console.table(await measureRows(subjects));
  } finally {
    await other?.stop();
  }
}

async function measureRows(subjects) {
  const calls = modelCalls(longConversation(LOG_TURNS));
  const measured = calls.splice(-(WARM_UP_CALLS + CALLS));
  const rows = [];
  for (const { name, policy, budgets } of LONG_ROWS) {
    for (const budget of budgets) {
      const id = `time-${name}-${budget}`;
      for (const { client } of subjects) {
        await client.create(id, { token_budget: budget, policy });
        for (let at = 0; at < calls.length; at += 30)
          await client.append(id, calls.slice(at, at + 30).flat());
      }
      await timeCalls(subjects, id, measured.slice(0, WARM_UP_CALLS), budget);
      const cpuBefore = await cpuTimes(subjects);
      const times = await timeCalls(subjects, id, measured.slice(WARM_UP_CALLS), budget);
      const cpu = (await cpuTimes(subjects)).map((ms, which) => (ms - cpuBefore[which]) / CALLS);
      rows.push({ policy: name, budget, ...figures(times, cpu) });
    }
  }
  return rows;
}

function figures(times, [ownCpu, otherCpu]) {
  const own = { 'p50, ms': round(median(times.map(([ms]) => ms))), 'CPU, ms': round(ownCpu) };
  if (otherCpu === undefined) return own;
  return {
    ...own,
    'against, p50, ms': round(median(times.map(([, ms]) => ms))),
    'against, CPU, ms': round(otherCpu),
    ratio: round(median(times.map(([ms, otherMs]) => ms / otherMs))),
    'CPU ratio': round(ownCpu / otherCpu),
  };
}

function cpuTimes(subjects) {
  return Promise.all(subjects.map(({ service }) => service.cpuMs()));
}

/** @returns per call the time of each subject, in milliseconds */
async function timeCalls(subjects, id, calls, budget) {
  const times = [];
  for (const [index, events] of calls.entries()) {
    const ofCall = [];
    const order = [...subjects.keys()];
    for (const which of index % 2 ? order : order.reverse()) {
      const { client } = subjects[which];
      await client.append(id, events);
      const startedAt = performance.now();
      await client.windowText(id, budget);
      ofCall[which] = performance.now() - startedAt;
    }
    times.push(ofCall);
  }
  return times;
}

function round(value) {
  return Math.round(value * 100) / 100;
}
