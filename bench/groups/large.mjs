import { inTurns } from '../in-turns.mjs';
import { median } from '../quantile.mjs';
import { appendBody } from '../messages.mjs';
import { ROUNDS, sized } from '../settings.mjs';

const READERS = 16;
const READS_EACH = 3;
const WHOLE_LOG = { strategy: 'budget', config: {} };

/** Large windows with 16 readers. The budget is 1,000,000 tokens, as in the quickstart. */
export async function large(environment, table) {
  await repeatedReads(environment, table);
  await changedWindow(environment, table);
}

/** A window that does not change: what is sent per second must not depend on its size. */
async function repeatedReads({ conversations, service }, table) {
  const [small, big] = [sized(1000), sized(5000)];
  await conversations.createWithLogs('small', 1, small, WHOLE_LOG);
  await conversations.createWithLogs('big', 1, big, WHOLE_LOG);
  const read = (id) => (limit) =>
    service.readLargeWindow({ readers: READERS, path: `/v1/conversations/${id}/window`, ...limit });
  const medianOf = await inTurns({ small: read('small-0'), big: read('big-0') });
  const words = (count) => `window of ${count.toLocaleString('en')} messages, unchanged, 16 readers`;
  table.row(
    words(small),
    medianOf((round) => round.small.perSecond),
    '/s',
  );
  table.row(
    words(big),
    medianOf((round) => round.big.perSecond),
    '/s',
  );
  table.row(
    `${big.toLocaleString('en')} messages ÷ (${small.toLocaleString('en')} messages × 1/5)`,
    medianOf((round) => round.big.perSecond / ((round.small.perSecond * small) / big)),
    '×',
    { atLeast: 0.8 },
  );
}

/** A window of 1M tokens: after each append it is built once more, and all readers wait for it. */
async function changedWindow({ conversations, service, url }, table) {
  const count = sized(16_600);
  await conversations.createWithLogs('huge', 1, count, WHOLE_LOG);
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await fetch(`${url}/v1/conversations/huge-0/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: appendBody(round),
    });
    await service.watchStalls();
    const figures = await service.readLargeWindow({
      readers: READERS,
      path: '/v1/conversations/huge-0/window',
      amount: READERS * READS_EACH,
    });
    rounds.push(figures);
  }
  const of = (key) => median(rounds.map((figures) => figures[key]));
  const what = `window of ${count.toLocaleString('en')} messages after an append, ${READERS} readers × ${READS_EACH}`;
  table.row(what, of('perSecond'), '/s');
  table.row('  errors, in the worst round', Math.max(...rounds.map(({ errors }) => errors)), '', {
    atMost: 0,
  });
  table.row('  longest event-loop stall', of('longestStallMs'), 'ms', { atMost: 20 });
  table.row('  service CPU per read', of('cpuMicros') / 1000, 'ms');
  table.row('  resident memory afterwards', of('residentBytes') / 1e6, 'MB');
}
