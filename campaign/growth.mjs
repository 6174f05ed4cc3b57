// Scenario `growth`: compares the cost of an append, and of a window of every policy, on a short and on a long log. The cost is
// the number of bytes between a node and its database. Time is no measure, because the machine may be busy.
import { EmbeddedDatabase } from './embedded-database.mjs';
import { conversationPath } from './http-client.mjs';
import { ServiceNode } from './service-node.mjs';
import { TcpProxy } from './tcp-proxy.mjs';

/** Number of events in the two logs. Both logs are longer than the part that a policy may read. */
const LENGTHS = [20_000, 80_000];
/** Allowed difference between the two costs: a factor, and additional bytes for notifications and polls. */
const ALLOWED_GROWTH = 1.3;
const ALLOWED_BYTES = 64 * 1024;
const POLICIES = [
  { strategy: 'last_n', config: { limit: 200 } },
  { strategy: 'budget', config: { max_tokens: 5000 } },
  { strategy: 'time_window', config: { max_age_seconds: 3600, min_events: 50, max_tokens: 5000 } },
  { strategy: 'strip_tool_results', config: { limit: 200 } },
  { strategy: 'skip_parts', config: { limit: 200 } },
  { strategy: 'skip_parts', config: { kinds: ['*'], limit: 200 } },
];

export async function growth(context) {
  const { folder, verdict, onEnd } = context;
  const dataDir = await folder.make('growth');
  const first = await ServiceNode.start(
    { name: 'growth-database', folder: dataDir, env: { DATA_DIR: dataDir } },
    context,
  );
  const database = new EmbeddedDatabase(dataDir);
  const url = new URL(database.url);
  const proxy = await TcpProxy.start(Number(url.port));
  onEnd(() => proxy.stop());
  url.port = String(proxy.port);
  const env = { DATABASE_URL: url.href, FASTPACA_CACHE_BYTES: '0' };
  const node = await ServiceNode.start({ name: 'growth', folder: dataDir, env }, context);

  for (const length of LENGTHS) await makeLog(database, node, length);
  const costOf = async (work) => {
    const before = proxy.bytes;
    await work();
    return proxy.bytes - before;
  };
  const compare = (what, [short, long]) => {
    verdict.count('costs compared');
    if (long > short * ALLOWED_GROWTH + ALLOWED_BYTES)
      verdict.broken('growth', `${what}: ${short} bytes at ${LENGTHS[0]} events, ${long} at ${LENGTHS[1]}`);
  };
  for (const policy of POLICIES) {
    const costs = [];
    for (const length of LENGTHS) {
      const path = conversationPath(idOf(length));
      await node.http.send('PUT', path, { body: { policy } });
      costs.push(await costOf(() => succeed(node, 'GET', `${path}/window`)));
    }
    compare(`window of ${JSON.stringify(policy)}`, costs);
  }
  const appends = [];
  for (const length of LENGTHS) {
    const body = { event: { role: 'user', content: 'one more' } };
    appends.push(await costOf(() => succeed(node, 'POST', conversationPath(idOf(length), '/events'), body)));
  }
  compare('append', appends);
  await node.stop();
  proxy.stop();
  await first.stop();
}

async function succeed(node, method, path, body) {
  const { status, problem, text } = await node.http.send(method, path, { body });
  if (status >= 300 || status === 0) throw new Error(`${method} ${path}: ${problem ?? text}`);
}

/** Creates the log of an agent. In every four events, one is a tool call and one is its result. */
async function makeLog(database, node, length) {
  const id = idOf(length);
  await node.http.send('PUT', conversationPath(id), { body: { token_budget: 1_000_000 } });
  await database.query(
    `INSERT INTO fastpaca.events
            (namespace, conversation_id, seq, version, body, token_estimate, tokens_total, inserted_at)
     SELECT 'default', $1, n, n,
            (CASE n % 4
               WHEN 1 THEN '{"role":"user","parts":[{"type":"text","text":"message ' || n || '"}]}'
               WHEN 2 THEN '{"role":"assistant","parts":[{"type":"tool_call","id":"' || n || '","name":"f","input":{}}]}'
               WHEN 3 THEN '{"role":"tool","parts":[{"type":"tool_result","tool_call_id":"' || n - 1 || '","output":"x"}]}'
               ELSE '{"role":"assistant","parts":[{"type":"text","text":"answer ' || n || '"}]}' END)::json,
            20, 20 * n::bigint, now()
       FROM generate_series(1, $2::int) n`,
    [id, length],
  );
  await database.query(
    `UPDATE fastpaca.conversations SET last_seq = $2, version = $2, tokens_total = 20 * $2::bigint WHERE id = $1`,
    [id, length],
  );
}

function idOf(length) {
  return `growth-${length}`;
}
