// Troubles of a failover that lose acknowledged events by design: a standby that was not synchronous is promoted without
// the last of them, or an older dump is restored into the database of running nodes. What the nodes remember is then of a
// history that the database no longer has. They must agree with the database at once, without a restart, before and after
// new events take the places of the lost ones.
import { join } from 'node:path';
import { conversationPath } from './http-client.mjs';
import { until } from './waiting.mjs';

const EVENTS_KEPT = 12;
const EVENTS_LOST = 3;
const POLICIES = [
  { strategy: 'budget', config: {} },
  { strategy: 'last_n', config: { limit: 8 } },
];

/** An asynchronous standby that lacks the last events is promoted. */
export async function standbyLacksEvents(stage) {
  const { pair } = stage;
  await loseHistory(stage, {
    async remember() {
      await pair.setSynchronous(false);
      await pair.standbyIs('async');
      await pair.standbyHasAll();
      await pair.severStandby();
    },
    async lose() {
      await stage.promoteSevered();
      stage.verdict.count('failovers');
    },
    async recover() {
      await pair.setSynchronous(true);
      await pair.addStandby();
    },
  });
}

/** An older dump is restored into the same database, under the running nodes. */
export async function dumpIsRestored(stage) {
  const { pair } = stage;
  const dump = join(pair.folder, 'dump');
  const database = () => [
    '-h',
    '127.0.0.1',
    '-p',
    String(pair.primary.port),
    '-U',
    'postgres',
    '-d',
    'fastpaca',
  ];
  await loseHistory(stage, {
    remember: () => pair.run('pg_dump', [...database(), '-Fc', '-f', dump]),
    lose: () =>
      pair.run('pg_restore', [...database(), '--clean', '--if-exists', '--single-transaction', dump]),
    recover: () => undefined,
  });
}

/**
 * Writes, lets the database remember, writes more, lets both nodes cache it, and has the database lose it.
 *
 * @param remember what is written before this is kept @param lose what is written after that is lost
 */
async function loseHistory(stage, { remember, lose, recover }) {
  const { load, verdict } = stage;
  await load.stop();
  verdict.count('histories lost');
  const at = verdict.figures.get('histories lost');
  const histories = [];
  for (const [index, policy] of POLICIES.entries()) {
    const history = new History(stage, `lost-${at}-${index}`, policy);
    history.compacted = index > 0;
    await history.create();
    await history.append('kept', EVENTS_KEPT);
    histories.push(history);
  }
  await remember();
  for (const history of histories) {
    await history.append('lost', EVENTS_LOST);
    // Without a compaction the new events get the versions of the lost ones.
    if (history.compacted) await history.compact(4);
    await history.compare(); // and so every node has it in its memory
  }
  await lose();
  for (const history of histories) await history.compare('right after the loss');
  for (const history of histories) {
    // One by one, up to where the lost ones were and past them, each event on the other node.
    for (let event = 0; event < EVENTS_LOST + 2; event += 1) {
      await history.append('new', 1);
      await history.compare(`with ${event + 1} new events`);
    }
  }
  await recover();
  await stage.checker.checkActive();
  load.start();
}

/** One conversation, and what clients of both nodes have seen of it. */
class History {
  appended = 0;
  /** By path and entity tag: the answer that the tag stands for. */
  seen = new Map();

  constructor(stage, id, policy) {
    Object.assign(this, { stage, id, policy });
  }

  async create() {
    await this.write('PUT', '', { token_budget: 100_000, policy: this.policy });
  }

  async append(kind, count) {
    for (let index = 0; index < count; index += 1) {
      this.appended += 1;
      const content = `${this.stage.canary} ${kind} ${this.appended}`;
      await this.write('POST', '/events', {
        event: { role: 'user', content },
        idempotency_key: `${this.stage.canary} ${kind} ${this.appended}`,
      });
    }
  }

  compact(toSeq) {
    const replacement = [{ role: 'system', content: `${this.stage.canary} summary` }];
    return this.write('POST', '/compact', { from_seq: 1, to_seq: toSeq, replacement });
  }

  /** Writes on the nodes in turn, until one has taken it. */
  async write(method, rest, body) {
    await until(`${method} ${this.id}${rest}`, async () => {
      this.turn = (this.turn ?? 0) + 1;
      const node = this.stage.nodes[this.turn % this.stage.nodes.length];
      const answer = await node.http.send(method, conversationPath(this.id, rest), { body });
      if (answer.status >= 400 && answer.status < 500)
        throw new Error(`${method} ${this.id}${rest}: ${answer.text}`);
      return answer.status >= 200 && answer.status < 300;
    });
  }

  /** Every read of every node, also with the entity tags of before, gives what the database has. */
  async compare(when) {
    const stored = await this.stored();
    for (const node of this.stage.nodes) {
      const record = await this.read(node, '');
      const page = await this.read(node, '/events?cursor=0&limit=1000');
      const last = await this.read(node, '/events?from_seq=-3');
      const ends = await this.read(node, `/events?from_seq=1&to_seq=${stored.events.length}`);
      const window = await this.read(node, '/window');
      this.same(
        node,
        when,
        'record',
        [record.version, record.last_seq],
        [stored.version, stored.events.length],
      );
      this.same(node, when, 'page', page.events.map(brief), stored.events);
      this.same(node, when, 'last events', last.events.map(brief), stored.events.slice(-3));
      this.same(node, when, 'range', ends.events.map(brief), stored.events);
      this.same(node, when, "window's version", window.version, stored.version);
      const live = stored.events.filter(({ seq }) => seq > stored.compactedTo);
      const messages = window.messages.filter((message) => message.from_seq === undefined).map(brief);
      this.same(node, when, 'window', messages, live.slice(-(this.policy.config.limit ?? Infinity)));
    }
  }

  same(node, when, what, found, expected) {
    this.stage.verdict.count('answers compared with the database');
    const [given, stored] = [found, expected].map((each) => [each].flat().map((one) => JSON.stringify(one)));
    const length = Math.max(given.length, stored.length);
    const differs = Array.from({ length }, (_, index) => index).find(
      (index) => given[index] !== stored[index],
    );
    if (differs === undefined) return;
    this.stage.verdict.broken(
      'history',
      `${this.id} on ${node.name} ${when}: ${what} has ${given[differs]}, the database ${stored[differs]}`,
    );
  }

  /** A GET as of a client that keeps all it has read: with a 304 it takes what it has under that entity tag. */
  async read(node, rest) {
    if (!this.seen.has(rest)) this.seen.set(rest, new Map());
    const seen = this.seen.get(rest);
    const headers = seen.size ? { 'if-none-match': [...seen.keys()].join(', ') } : {};
    return until(`GET ${this.id}${rest}`, async () => {
      const answer = await node.http.send('GET', conversationPath(this.id, rest), { headers });
      if (answer.status === 304) return seen.get(answer.headers.etag);
      if (answer.status !== 200) return undefined;
      if (answer.headers.etag) seen.set(answer.headers.etag, answer.body);
      return answer.body;
    });
  }

  async stored() {
    const { query } = this.stage;
    const [record] = await query('SELECT version::int FROM fastpaca.conversations WHERE id = $1', [this.id]);
    const events = await query(
      'SELECT seq::int, body::text, inserted_at FROM fastpaca.events WHERE conversation_id = $1 ORDER BY seq',
      [this.id],
    );
    const [{ to }] = await query(
      `SELECT COALESCE(max(to_seq), 0)::int AS to FROM fastpaca.compactions WHERE conversation_id = $1`,
      [this.id],
    );
    return {
      version: record?.version,
      compactedTo: to,
      events: events.map(({ seq, body, inserted_at }) =>
        brief({ seq, ...JSON.parse(body), inserted_at: inserted_at.toISOString() }),
      ),
    };
  }
}

/** What tells an event from another at the same seq. */
function brief({ seq, parts, inserted_at }) {
  return { seq, text: parts[0].text, inserted_at };
}
