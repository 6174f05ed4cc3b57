// Compares the service with the ledger: the whole log of every conversation over HTTP, on every node, and, where the
// database can be asked, what is stored.
import { setTimeout as delay } from 'node:timers/promises';
import { conversationPath } from './http-client.mjs';
import { digestOf, textOf } from './ledger.mjs';

/** Reads may be answered 503 for so long after a disturbance. */
const READ_LIMIT_MS = 60_000;

export class Checker {
  /** @param query runs SQL on the database; undefined where it is not to be had */
  constructor({ ledger, nodes, verdict, query }) {
    Object.assign(this, { ledger, nodes, verdict, query });
    this.reported = new Set();
  }

  /** Compares what clients write to now; also while they do. */
  async checkActive() {
    for (const conversation of this.ledger.active)
      for (const node of this.nodes) await this.checkConversation(conversation, node);
  }

  /** Compares every conversation there has been, with no client writing, and the nodes with each other. */
  async checkAll() {
    for (const conversation of this.ledger.all()) {
      const views = [];
      for (const node of this.nodes) {
        await this.checkConversation(conversation, node);
        if (this.nodes.length > 1) views.push(await this.viewOf(conversation, node));
      }
      for (const view of views)
        if (view !== views[0]) this.blame('ordered', conversation, 'the nodes give different answers');
      if (this.query && !conversation.large) await this.checkStored(conversation);
    }
  }

  async checkConversation(conversation, node) {
    const path = conversationPath(conversation.id);
    // What was acknowledged before the reads must be in them; more may be.
    const acknowledged = conversation.acknowledgedAppends();
    const compactions = [...conversation.compactions.acknowledged];
    const leastVersion = conversation.version;
    const leastBudget = conversation.tokenBudget.acknowledged;
    const leastPatches = Array.from(conversation.patches, ([client, each]) => [client, each.acknowledged]);
    const wasDeleted = conversation.deletion === 'acknowledged';
    const record = await this.read(node, path);
    if (record === undefined) {
      if (leastVersion > 0) this.blame('durable', conversation, 'the conversation is missing');
      return;
    }
    if (record.version < leastVersion)
      this.blame('visible', conversation, `version ${record.version} after ${leastVersion} was acknowledged`);
    const log = await this.readLog(node, path, record.last_seq);
    this.verdict.count('logs compared');
    this.verdict.count('events compared', log.length);
    this.checkOrder(conversation, record, log, compactions);
    this.checkContent(conversation, log);
    this.checkAcknowledged(conversation, log, acknowledged);

    const budget = record.token_budget - 500_000;
    if (budget < leastBudget || budget > conversation.tokenBudget.asked)
      this.blame('durable', conversation, `the budget's change ${budget} is not ${leastBudget} or later`);
    for (const [client, least] of leastPatches) {
      const found = record.metadata[`client-${client}`] ?? 0;
      if (found < least) this.blame('durable', conversation, `metadata has patch ${found}, not ${least}`);
    }
    if (wasDeleted && !record.tombstoned)
      this.blame('durable', conversation, 'it was deleted and has no tombstone');
    if (!conversation.compacted && !conversation.large) await this.checkWindow(conversation, node, path, log);
  }

  /** Seqs are 1 … n; versions only grow; the versions that no event has are those of the compactions. */
  checkOrder(conversation, record, log, compactions) {
    const head = log.slice(0, record.last_seq);
    if (head.length < record.last_seq)
      this.blame('ordered', conversation, `last_seq is ${record.last_seq}, the log has ${log.length} events`);
    let before = 0;
    for (const [index, { seq, version }] of log.entries()) {
      if (seq !== index + 1)
        return this.blame('ordered', conversation, `seq ${seq} is at place ${index + 1}`);
      if (version <= before)
        return this.blame('ordered', conversation, `seq ${seq} has version ${version} after ${before}`);
      before = version;
    }
    const ofEvents = new Set(head.map(({ version }) => version));
    const count = record.version - record.last_seq;
    const { acknowledged, withoutOutcome, pending } = conversation.compactions;
    if (count < compactions.length || count > acknowledged.length + withoutOutcome + pending)
      this.blame(
        'ordered',
        conversation,
        `version ${record.version}, last_seq ${record.last_seq}, but ${acknowledged.length} compactions acknowledged`,
      );
    const missing = compactions.find((version) => version > record.version || ofEvents.has(version));
    if (missing !== undefined)
      this.blame('durable', conversation, `the compaction with version ${missing} is missing`);
    return undefined;
  }

  /** Every event is one that was sent, as it was sent, once, its turn complete and in order. */
  checkContent(conversation, log) {
    const seen = new Set();
    for (const event of log) {
      const text = textOf(event);
      const sent = conversation.byText.get(text);
      if (!sent) {
        this.blame(
          'durable',
          conversation,
          `seq ${event.seq} was never sent: ${JSON.stringify(event.parts)}`,
        );
        continue;
      }
      if (seen.has(text)) this.blameOnce('doubled', conversation, `${text}, again as seq ${event.seq}`);
      seen.add(text);
      if (sent.append.digests[sent.index] !== digestOf(event))
        this.blame(
          'durable',
          conversation,
          `seq ${event.seq} is not what was sent: ${JSON.stringify(event)}`,
        );
      if (sent.append.outcome === 'rejected')
        this.blame('atomic', conversation, `seq ${event.seq} (${text}) was rejected and is in the log`);
      const next = sent.append.texts[sent.index + 1];
      const follower = log[event.seq];
      if (next !== undefined && (follower ? textOf(follower) : undefined) !== next)
        this.blame(
          'atomic',
          conversation,
          `seq ${event.seq} (${text}) is not followed by the rest of its turn`,
        );
    }
  }

  checkAcknowledged(conversation, log, appends) {
    for (const { texts, places } of appends) {
      for (const [index, { seq, version, token_estimate }] of places.entries()) {
        const event = log[seq - 1];
        const isThere = event?.seq === seq && textOf(event) === texts[index];
        if (!isThere)
          this.blameOnce('missing', conversation, `seq ${seq} (${texts[index]}) was acknowledged`);
        else if (event.version !== version || event.token_estimate !== token_estimate)
          this.blame('durable', conversation, `seq ${seq} was acknowledged with version ${version}`);
      }
    }
  }

  /** The window of a `budget` policy that fits holds the whole log, so its tokens are the sum of all. */
  async checkWindow(conversation, node, path, log) {
    const window = await this.read(node, `${path}/window`);
    if (window.version > log.length) return; // the log has grown meanwhile
    const tokens = log.slice(0, window.version).reduce((sum, { token_estimate }) => sum + token_estimate, 0);
    if (window.used_tokens !== tokens)
      this.blame(
        'ordered',
        conversation,
        `the window has ${window.used_tokens} tokens, its events ${tokens}`,
      );
  }

  /** What is stored is what the nodes say, and its running totals add up. */
  async checkStored(conversation) {
    const rows = await this.query(
      `SELECT seq::int, version::int, body::text, tokens_total::int AS total,
              sum(token_estimate) OVER (ORDER BY seq)::int AS sum
         FROM fastpaca.events WHERE conversation_id = $1 ORDER BY seq`,
      [conversation.id],
    );
    const log = await this.readLog(this.nodes[0], conversationPath(conversation.id));
    const stored = rows.map(({ seq, version, body }) => [seq, version, digestOf(JSON.parse(body))].join());
    const given = log.map((event) => [event.seq, event.version, digestOf(event)].join());
    if (stored.join('\n') !== given.join('\n'))
      this.blame(
        'ordered',
        conversation,
        `the database has ${stored.length} events, the node ${given.length}`,
      );
    const wrong = rows.find(({ total, sum }) => total !== sum);
    if (wrong)
      this.blame('ordered', conversation, `seq ${wrong.seq}: running total ${wrong.total}, sum ${wrong.sum}`);
    const [record] = await this.query(
      'SELECT tokens_total::int AS total FROM fastpaca.conversations WHERE id = $1',
      [conversation.id],
    );
    if (record && record.total !== (rows.at(-1)?.sum ?? 0))
      this.blame('ordered', conversation, `the record's total is ${record.total}, not ${rows.at(-1)?.sum}`);
  }

  async viewOf(conversation, node) {
    const path = conversationPath(conversation.id);
    const rests = ['', '/window', '/events?cursor=0&limit=1000'];
    const answers = [];
    for (const rest of rests) answers.push(await this.read(node, path + rest));
    return JSON.stringify(answers);
  }

  /** The log, up to `lastSeq` at least, or to its end. */
  async readLog(node, path, lastSeq = Infinity) {
    const log = [];
    for (let cursor = 0; ;) {
      const { events, next_cursor } = await this.read(node, `${path}/events?cursor=${cursor}&limit=1000`);
      log.push(...events);
      if (events.length === 0 || next_cursor >= lastSeq) return log;
      cursor = next_cursor;
    }
  }

  /** The body of a GET; undefined for a 404. Tries again while the service is not back. */
  async read(node, path) {
    const end = performance.now() + READ_LIMIT_MS;
    for (;;) {
      const { status, body, text, problem } = await node.http.send('GET', path);
      if (status === 200) return body;
      if (status === 404) return undefined;
      if (performance.now() > end) throw new Error(`GET ${path} on ${node.name}: ${problem ?? text}`);
      await delay(50);
    }
  }

  /** Counts an event that is missing or doubled, once, however often it is noticed. */
  blameOnce(figure, conversation, evidence) {
    const name = `${figure} ${conversation.id} ${evidence}`;
    if (this.reported.has(name)) return;
    this.reported.add(name);
    this.verdict.count(figure);
    this.blame('durable', conversation, `${figure}: ${evidence}`);
  }

  blame(promise, { id }, evidence) {
    this.verdict.broken(promise, `${id}: ${evidence}`);
  }
}
