// Problems that lose acknowledged events by design: an asynchronous standby is promoted without the last events, or an older
// dump is restored into the database of running nodes. The caches of the nodes then belong to a history that the database no
// longer has. The nodes must agree with the database at once and without a restart, before and after new events get the seqs of
// lost events.
import { join } from 'node:path';
import { conversationPath } from './http-client.mjs';
import { until } from './waiting.mjs';

const EVENTS_KEPT = 12;
const EVENTS_LOST = 3;
const POLICIES = [
  { strategy: 'budget', config: {} },
  { strategy: 'last_n', config: { limit: 8 } },
];

/** Promotes an asynchronous standby that lacks the last events. */
export async function standbyLacksEvents(stage) {
  const { pair } = stage;
  await loseHistory(stage, {
    async checkpoint() {
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

/** Restores an older dump into the same database while the nodes run. */
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
    checkpoint: () => pair.run('pg_dump', [...database(), '-Fc', '-f', dump]),
    lose: () =>
      pair.run('pg_restore', [...database(), '--clean', '--if-exists', '--single-transaction', dump]),
    recover: () => undefined,
  });
}

/**
 * Writes, takes a checkpoint, writes more, fills the caches of both nodes with reads, and loses the later writes.
 *
 * @param checkpoint events written before it survive @param lose loses the events written after the checkpoint
 */
async function loseHistory(stage, { checkpoint, lose, recover }) {
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
  await checkpoint();
  for (const history of histories) {
    await history.append('lost', EVENTS_LOST);
    // Without a compaction, the new events get the versions of the lost events.
    if (history.compacted) await history.compact(4);
    await history.compare(); // fills the caches of every node
  }
  await lose();
  for (const history of histories) await history.compare('right after the loss');
  for (const history of histories) {
    // One event at a time, alternating between the nodes, until the new events pass the seqs of the lost ones.
    for (let event = 0; event < EVENTS_LOST + 2; event += 1) {
      await history.append('new', 1);
      await history.compare(`with ${event + 1} new events`);
    }
  }
  await recover();
  await stage.checker.checkActive();
  load.start();
}

/** One conversation, with the responses that clients of both nodes have cached. */
class History {
  appended = 0;
  /** Bodies by path and entity tag. */
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

  /** Sends a write to the nodes in turn until it succeeds. */
  async write(method, rest, body) {
    await until(`${method} ${this.id}${rest}`, async () => {
      this.turn = (this.turn ?? 0) + 1;
      const node = this.stage.nodes[this.turn % this.stage.nodes.length];
      const response = await node.http.send(method, conversationPath(this.id, rest), { body });
      if (response.status >= 400 && response.status < 500)
        throw new Error(`${method} ${this.id}${rest}: ${response.text}`);
      return response.status >= 200 && response.status < 300;
    });
  }

  /** Every read on every node, even with earlier entity tags, must return what the database contains. */
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
    this.stage.verdict.count('responses compared with the database');
    const [returned, stored] = [found, expected].map((each) =>
      [each].flat().map((one) => JSON.stringify(one)),
    );
    const length = Math.max(returned.length, stored.length);
    const differs = Array.from({ length }, (_, index) => index).find(
      (index) => returned[index] !== stored[index],
    );
    if (differs === undefined) return;
    this.stage.verdict.broken(
      'history',
      `${this.id} on ${node.name} ${when}: ${what} has ${returned[differs]}, the database ${stored[differs]}`,
    );
  }

  /** A GET of a client that caches every body by its entity tag and uses it after a 304. */
  async read(node, rest) {
    if (!this.seen.has(rest)) this.seen.set(rest, new Map());
    const seen = this.seen.get(rest);
    const headers = seen.size ? { 'if-none-match': [...seen.keys()].join(', ') } : {};
    return until(`GET ${this.id}${rest}`, async () => {
      const response = await node.http.send('GET', conversationPath(this.id, rest), { headers });
      if (response.status === 304) return seen.get(response.headers.etag);
      if (response.status !== 200) return undefined;
      if (response.headers.etag) seen.set(response.headers.etag, response.body);
      return response.body;
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

/** The fields that distinguish two events with the same seq. */
function brief({ seq, parts, inserted_at }) {
  return { seq, text: parts[0].text, inserted_at };
}
