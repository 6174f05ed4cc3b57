import { inTurns } from '../in-turns.mjs';
import { measure } from '../measure.mjs';
import * as requests from '../requests.mjs';
import { sized } from '../settings.mjs';

/** Appends to one conversation, to some, and to many. */
export async function conversations(environment, table) {
  const counts = { one: 1, few: 100, many: sized(20_000), lots: sized(100_000), turns: 20 };
  for (const [prefix, count] of Object.entries(counts)) await environment.conversations.create(prefix, count);
  const append = (prefix) => (limit) =>
    environment.service.load({
      requests: [requests.append(prefix)],
      connections: 64,
      conversations: counts[prefix],
      ...limit,
    });
  const median = await inTurns({
    one: append('one'),
    few: append('few'),
    many: append('many'),
    lots: append('lots'),
    turns: (limit) =>
      measure('conversation-turns.mjs', { url: environment.url, clients: counts.turns, ...limit }),
  });
  const ratio = (name, other) => median((round) => round[name].perSecond / round[other].perSecond);

  table.row(
    '64 writers on 1 conversation',
    median(({ one }) => one.perSecond),
    '/s',
  );
  table.row(`64 writers: 1 conversation ÷ ${counts.many.toLocaleString('en')}`, ratio('one', 'many'), '×', {
    atLeast: 0.8,
  });
  table.row(
    `appends over ${counts.lots.toLocaleString('en')} conversations ÷ over 100`,
    ratio('lots', 'few'),
    '×',
  );
  table.row(
    '20 clients, turns of 5 short messages',
    median(({ turns }) => turns.perSecond),
    '/s',
  );
  const late = (key) => median(({ turns }) => turns[key]);
  table.row('  p95', late('p95Ms'), 'ms', { atMost: 40 });
  table.row('  p99', late('p99Ms'), 'ms', { atMost: 120 });
}
