import { inTurns } from '../in-turns.mjs';
import * as requests from '../requests.mjs';
import { sized } from '../settings.mjs';

/** One client that sends one append after the other: nothing can share a commit. */
export async function oneClient(environment, table) {
  const count = sized(20_000);
  for (const prefix of ['many', 'raw']) await environment.conversations.create(prefix, count);
  const { service } = environment;
  const bare = await environment.reference('bare-fastify');
  const load = (server, request) => (limit) =>
    server.load({ requests: [request('many')], connections: 1, conversations: count, ...limit });

  const median = await inTurns({
    empty1: load(service, requests.empty),
    bare1: load(bare, requests.append),
    append1: load(service, requests.append),
    raw1: (limit) => environment.rawCommits({ connections: 1, conversations: count, ...limit }),
  });
  table.row(
    'durable appends, 1 connection',
    median(({ append1 }) => append1.perSecond),
    '/s',
  );
  const p50 = (name) => median((round) => round[name].p50Ms);
  table.row('1 connection: append p50', p50('append1'), 'ms');
  table.row('1 connection: empty request p50', p50('empty1'), 'ms');
  table.row('1 connection: bare Fastify p50', p50('bare1'), 'ms');
  table.row('1 connection: raw commit p50', p50('raw1'), 'ms');
  const above = (name) => median((round) => round.append1.p50Ms / (round[name].p50Ms + round.raw1.p50Ms));
  table.row('1 connection: append p50 ÷ (empty p50 + raw p50)', above('empty1'), '×', { atMost: 1.25 });
  table.row('1 connection: append p50 ÷ (bare Fastify p50 + raw p50)', above('bare1'), '×', { atMost: 1.3 });
}
