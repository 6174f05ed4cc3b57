// Compares the service with the ledger. Reads the whole log of every conversation over HTTP from every node and, if the checker
// has access to the database, the stored rows.
import { setTimeout as delay } from 'node:timers/promises';
import { conversationPath } from './http-client.mjs';
import { digestOf, textOf } from './ledger.mjs';

/** Time in milliseconds for which reads may get 503 after a kill or a failover. */
const READ_LIMIT_MS = 60_000;

export class Checker {
  /** @param query runs SQL on the database; undefined without access to it */
  constructor({ ledger, nodes, verdict, query }) {
    Object.assign(this, { ledger, nodes, verdict, query });
    this.reported = new Set();
  }

  /** Compares the conversations that clients write to. Clients may write meanwhile. */
  async checkActive() {
    for (const conversation of this.ledger.active)
      for (const node of this.nodes) await this.checkConversation(conversation, node);
  }

  /** Compares every conversation, and the nodes with each other. No client may write. */
  async checkAll() {
    for (const conversation of this.ledger.all()) {
      const views = [];
      for (const node of this.nodes) {
        await this.checkConversation(conversation, node);
        if (this.nodes.length > 1) views.push(await this.viewOf(conversation, node));
      }
      for (const view of views)
        if (view !== views[0]) this.report('ordered', conversation, 'the nodes return different responses');
      if (this.query && !conversation.large) await this.checkStored(conversation);
    }
  }

  async checkConversation(conversation, node) {
    const path = conversationPath(conversation.id);
    // The reads must contain all writes that were acknowledged before, and may contain more.
    const acknowledged = conversation.acknowledgedAppends();
    const compactions = [...conversation.compactions.acknowledged];
    const leastVersion = conversation.version;
    const leastBudget = conversation.tokenBudget.acknowledged;
    const leastPatches = Array.from(conversation.patches, ([client, each]) => [client, each.acknowledged]);
    const wasDeleted = conversation.deletion === 'acknowledged';
    const record = await this.read(node, path);
    if (record === undefined) {
      if (leastVersion > 0) this.report('durable', conversation, 'the conversation is missing');
      return;
    }
    if (record.version < leastVersion)
      this.report(
        'visible',
        conversation,
        `version ${record.version} after ${leastVersion} was acknowledged`,
      );
    const log = await this.readLog(node, path, record.last_seq);
    this.verdict.count('logs compared');
    this.verdict.count('events compared', log.length);
    this.checkOrder(conversation, record, log, compactions);
    this.checkContent(conversation, log);
    this.checkAcknowledged(conversation, log, acknowledged);

    const budget = record.token_budget - 500_000;
    if (budget < leastBudget || budget > conversation.tokenBudget.sent)
      this.report('durable', conversation, `the budget's change ${budget} is not ${leastBudget} or later`);
    for (const [client, least] of leastPatches) {
      const found = record.metadata[`client-${client}`] ?? 0;
      if (found < least) this.report('durable', conversation, `metadata has patch ${found}, not ${least}`);
    }
    if (wasDeleted && !record.tombstoned)
      this.report('durable', conversation, 'it was deleted and has no tombstone');
    if (!conversation.compacted && !conversation.large) await this.checkWindow(conversation, node, path, log);
  }

  /** Seqs must be 1 … n, versions must increase, and versions without an event must belong to compactions. */
  checkOrder(conversation, record, log, compactions) {
    const head = log.slice(0, record.last_seq);
    if (head.length < record.last_seq)
      this.report(
        'ordered',
        conversation,
        `last_seq is ${record.last_seq}, the log has ${log.length} events`,
      );
    let before = 0;
    for (const [index, { seq, version }] of log.entries()) {
      if (seq !== index + 1)
        return this.report('ordered', conversation, `seq ${seq} is at position ${index + 1}`);
      if (version <= before)
        return this.report('ordered', conversation, `seq ${seq} has version ${version} after ${before}`);
      before = version;
    }
    const ofEvents = new Set(head.map(({ version }) => version));
    const count = record.version - record.last_seq;
    const { acknowledged, withoutOutcome, pending } = conversation.compactions;
    if (count < compactions.length || count > acknowledged.length + withoutOutcome + pending)
      this.report(
        'ordered',
        conversation,
        `version ${record.version}, last_seq ${record.last_seq}, but ${acknowledged.length} compactions acknowledged`,
      );
    const missing = compactions.find((version) => version > record.version || ofEvents.has(version));
    if (missing !== undefined)
      this.report('durable', conversation, `the compaction with version ${missing} is missing`);
    return undefined;
  }

  /** Every event must have been sent, be unchanged and occur once, and its turn must be complete and in order. */
  checkContent(conversation, log) {
    const seen = new Set();
    for (const event of log) {
      const text = textOf(event);
      const sent = conversation.byText.get(text);
      if (!sent) {
        this.report(
          'durable',
          conversation,
          `seq ${event.seq} was never sent: ${JSON.stringify(event.parts)}`,
        );
        continue;
      }
      if (seen.has(text)) this.reportOnce('doubled', conversation, `${text}, again as seq ${event.seq}`);
      seen.add(text);
      if (sent.append.digests[sent.index] !== digestOf(event))
        this.report(
          'durable',
          conversation,
          `seq ${event.seq} is not what was sent: ${JSON.stringify(event)}`,
        );
      if (sent.append.outcome === 'rejected')
        this.report('atomic', conversation, `seq ${event.seq} (${text}) was rejected and is in the log`);
      const next = sent.append.texts[sent.index + 1];
      const follower = log[event.seq];
      if (next !== undefined && (follower ? textOf(follower) : undefined) !== next)
        this.report(
          'atomic',
          conversation,
          `seq ${event.seq} (${text}) is not followed by the rest of its turn`,
        );
    }
  }

  checkAcknowledged(conversation, log, appends) {
    for (const { texts, placements } of appends) {
      for (const [index, { seq, version, token_estimate }] of placements.entries()) {
        const event = log[seq - 1];
        const isThere = event?.seq === seq && textOf(event) === texts[index];
        if (!isThere)
          this.reportOnce('missing', conversation, `seq ${seq} (${texts[index]}) was acknowledged`);
        else if (event.version !== version || event.token_estimate !== token_estimate)
          this.report('durable', conversation, `seq ${seq} was acknowledged with version ${version}`);
      }
    }
  }

  /** A window of the policy `budget` contains the whole log if the log fits. Its tokens are then the sum of all events. */
  async checkWindow(conversation, node, path, log) {
    const window = await this.read(node, `${path}/window`);
    if (window.version > log.length) return; // the log has grown since it was read
    const tokens = log.slice(0, window.version).reduce((sum, { token_estimate }) => sum + token_estimate, 0);
    if (window.used_tokens !== tokens)
      this.report(
        'ordered',
        conversation,
        `the window has ${window.used_tokens} tokens, its events ${tokens}`,
      );
  }

  /** The stored rows must equal the log that the nodes return, and their running totals must be correct. */
  async checkStored(conversation) {
    const rows = await this.query(
      `SELECT seq::int, version::int, body::text, tokens_total::int AS total,
              sum(token_estimate) OVER (ORDER BY seq)::int AS sum
         FROM fastpaca.events WHERE conversation_id = $1 ORDER BY seq`,
      [conversation.id],
    );
    const log = await this.readLog(this.nodes[0], conversationPath(conversation.id));
    const stored = rows.map(({ seq, version, body }) => [seq, version, digestOf(JSON.parse(body))].join());
    const returned = log.map((event) => [event.seq, event.version, digestOf(event)].join());
    if (stored.join('\n') !== returned.join('\n'))
      this.report(
        'ordered',
        conversation,
        `the database has ${stored.length} events, the node ${returned.length}`,
      );
    const wrong = rows.find(({ total, sum }) => total !== sum);
    if (wrong)
      this.report(
        'ordered',
        conversation,
        `seq ${wrong.seq}: running total ${wrong.total}, sum ${wrong.sum}`,
      );
    const [record] = await this.query(
      'SELECT tokens_total::int AS total FROM fastpaca.conversations WHERE id = $1',
      [conversation.id],
    );
    if (record && record.total !== (rows.at(-1)?.sum ?? 0))
      this.report('ordered', conversation, `the record's total is ${record.total}, not ${rows.at(-1)?.sum}`);
  }

  async viewOf(conversation, node) {
    const path = conversationPath(conversation.id);
    const rests = ['', '/window', '/events?cursor=0&limit=1000'];
    const responses = [];
    for (const rest of rests) responses.push(await this.read(node, path + rest));
    return JSON.stringify(responses);
  }

  /** The log, at least up to `lastSeq`, or to its end. */
  async readLog(node, path, lastSeq = Infinity) {
    const log = [];
    for (let cursor = 0; ;) {
      const { events, next_cursor } = await this.read(node, `${path}/events?cursor=${cursor}&limit=1000`);
      log.push(...events);
      if (events.length === 0 || next_cursor >= lastSeq) return log;
      cursor = next_cursor;
    }
  }

  /** The body of a GET; undefined for a 404. Retries while the service is unavailable. */
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

  /** Counts an event that is missing or doubled. Counts it once, even if it is found several times. */
  reportOnce(figure, conversation, evidence) {
    const name = `${figure} ${conversation.id} ${evidence}`;
    if (this.reported.has(name)) return;
    this.reported.add(name);
    this.verdict.count(figure);
    this.report('durable', conversation, `${figure}: ${evidence}`);
  }

  report(promise, { id }, evidence) {
    this.verdict.broken(promise, `${id}: ${evidence}`);
  }
}
