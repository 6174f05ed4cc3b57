import { measure } from '../measure.mjs';
import { median } from '../quantile.mjs';
import { limit, ROUNDS, sized } from '../settings.mjs';

/** Appends, windows and pages of logs that differ only in their length. */
export async function growth(environment, table) {
  const lengths = [200, 10_000, sized(1_000_000)];
  for (const length of lengths) await environment.conversations.createWithLogs(`log-${length}`, 1, length);
  const ids = lengths.map((length) => `log-${length}-0`);
  const { durationS, amount } = limit();
  const turns = amount ?? durationS * 300;
  const all = [];
  for (let round = 0; round < ROUNDS; round += 1)
    all.push(await measure('sequential.mjs', { url: environment.url, ids, turns }));
  const of = (index, key) => median(all.map((figures) => figures[index][key]));
  const ratio = (key) => median(all.map((figures) => figures.at(-1)[key] / figures[0][key]));

  for (const [index, length] of lengths.entries()) {
    const events = `${length.toLocaleString('en')} events in the log`;
    table.row(`${events}: window right after an append, p50`, of(index, 'windowP50Ms'), 'ms');
    table.row(`${events}: append p99`, of(index, 'appendP99Ms'), 'ms');
    table.row(`${events}: page of the newest 200, p50`, of(index, 'pageP50Ms'), 'ms');
  }
  const longest = lengths.at(-1).toLocaleString('en');
  table.row(`window after an append, p50: ${longest} events ÷ 200`, ratio('windowP50Ms'), '×', {
    atMost: 1.15,
  });
  table.row(`page of the newest 200, p50: ${longest} events ÷ 200`, ratio('pageP50Ms'), '×');
  table.row(`append p99: ${longest} events ÷ 200`, ratio('appendP99Ms'), '×', { atMost: 1.3 });
  const { rows } = await environment.sql.query(`
    SELECT pg_total_relation_size('fastpaca.events')::float8 / count(*) AS bytes FROM fastpaca.events`);
  table.row('database per event of about 300 bytes, indexes included', rows[0].bytes, 'bytes');
}
