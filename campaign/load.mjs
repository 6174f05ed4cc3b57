// Clients that write continuously and record every response in the ledger. Like a careful caller, a client retries an append
// with a key until it gets a response. The outcome of an append without a key and without a response is unknown.
import { setTimeout as delay } from 'node:timers/promises';
import { checkResponse } from './responses.mjs';
import { conversationPath } from './http-client.mjs';
import { Ledger } from './ledger.mjs';
import { until } from './waiting.mjs';

/** Relative frequencies of a client's actions. */
const WEIGHTS = {
  single: 45,
  turn: 15,
  retry: 8,
  otherContent: 2,
  guarded: 8,
  staleGuard: 3,
  badEvent: 2,
  compact: 3,
  settings: 2,
  patch: 4,
  remove: 0.15,
  read: 8,
};
const RETRY_AFTER_MS = 120;
/** Longest pause of a client between two requests. */
const PAUSE_MS = 12;
const FIRST_BUDGET = 500_000;

export class Load {
  /** Number of acknowledged appends. */
  acknowledged = 0;

  /** @param nodes clients send each request to a random node @param canary a word in every text and key */
  constructor({ nodes, verdict, random, prefix, canary, clients = 32, conversations = 12 }) {
    Object.assign(this, { nodes, verdict, canary, random });
    this.ledger = new Ledger(prefix, conversations);
    this.created = new Map();
    // Clients keep their state when the load is started again.
    this.clients = Array.from({ length: clients }, (_, number) => ({
      number,
      random: random.fork(`client ${number}`),
      turns: 0,
      texts: 0,
    }));
  }

  start() {
    this.over = false;
    // stop() and grow() report a client that fails.
    this.failed = Promise.all(this.clients.map((client) => this.run(client))).then(
      () => undefined,
      (error) => error,
    );
    this.failure = undefined;
    void this.failed.then((error) => (this.failure = error));
  }

  /** Resolves when `count` more appends have been acknowledged. */
  async grow(count, limitMs) {
    const target = this.acknowledged + count;
    const reached = () => {
      if (this.failure) throw this.failure;
      return this.acknowledged >= target;
    };
    await until(`${count} more acknowledged appends`, reached, { limitMs });
  }

  /** Resolves when every client has finished its request. Requests with a key are retried until they get a response. */
  async stop() {
    this.over = true;
    const error = await this.failed;
    if (error) throw error;
  }

  /** Makes clients end after their current request, without retries. */
  abandon() {
    this.over = true;
    this.abandoned = true;
  }

  async run(client) {
    while (!this.over) {
      const slot = client.random.integer(0, this.ledger.active.length - 1);
      const conversation = this.ledger.at(slot);
      await this.create(conversation);
      const what = client.random.weighted(WEIGHTS);
      client.turns += 1;
      await this[what](client, conversation);
      await delay(client.random.integer(0, PAUSE_MS));
    }
  }

  /** Creates a conversation once; the first client sends the request. */
  create(conversation) {
    if (!this.created.has(conversation)) {
      const policy = conversation.compacted
        ? { strategy: 'last_n', config: { limit: 100 } }
        : { strategy: 'budget', config: {} };
      const body = { token_budget: FIRST_BUDGET, policy };
      const path = conversationPath(conversation.id);
      this.created.set(
        conversation,
        this.sendUntilResponse('PUT', path, { body }).then(({ status, text }) => {
          if (![200, 201].includes(status)) throw new Error(`PUT got the response ${status}: ${text}`);
        }),
      );
    }
    return this.created.get(conversation);
  }

  single(client, conversation) {
    return this.append(client, conversation, 1, { withKey: client.random.chance(0.7) });
  }

  turn(client, conversation) {
    return this.append(client, conversation, client.random.integer(2, 5), { withKey: true });
  }

  async guarded(client, conversation) {
    const { status, body } = await this.anyNode(client).send('GET', conversationPath(conversation.id));
    if (status !== 200) return;
    const ifVersion = body.version;
    await this.append(client, conversation, 1, { ifVersion, withKey: client.random.chance(0.5) });
  }

  staleGuard(client, conversation) {
    return this.append(client, conversation, 1, { ifVersion: 1_000_000, allowed: [409] });
  }

  badEvent(client, conversation) {
    return this.append(client, conversation, 2, { role: 'invalid', allowed: [400] });
  }

  /** Sends an acknowledged append again, twice at the same time. */
  async retry(client, conversation) {
    const earlier = conversation.lastBody;
    if (!earlier) return;
    const path = conversationPath(conversation.id, '/events');
    const responses = await Promise.all([
      this.anyNode(client).send('POST', path, { body: earlier.body }),
      this.anyNode(client).send('POST', path, { body: earlier.body }),
    ]);
    for (const response of responses) {
      checkResponse(this.verdict, response);
      if (response.status === 201) this.noteAcknowledgement(conversation, earlier.append, response);
      else if (response.status >= 400 && response.status < 500)
        this.verdict.broken(
          'durable',
          `a retry of ${earlier.append.key} in ${conversation.id} got the response ${response.text}`,
        );
    }
  }

  /** Sends other content with the key of an acknowledged append. */
  async otherContent(client, conversation) {
    const key = conversation.lastBody?.append.key;
    if (key) await this.append(client, conversation, 1, { key, allowed: [409] });
  }

  async compact(client, conversation) {
    const { version, events, compactions } = conversation;
    if (!conversation.compacted || events < 5) return;
    const to_seq = client.random.integer(2, events);
    const body = { from_seq: 1, to_seq, replacement: [this.event(client, 'system')] };
    if (client.random.chance(0.3)) body.if_version = version;
    const path = conversationPath(conversation.id, '/compact');
    compactions.pending += 1;
    const response = await this.anyNode(client).send('POST', path, { body });
    compactions.pending -= 1;
    checkResponse(this.verdict, response);
    if (response.status === 200) {
      compactions.acknowledged.push(response.body.version);
      conversation.version = Math.max(conversation.version, response.body.version);
    } else if (!(response.status >= 400 && response.status < 500)) compactions.withoutOutcome += 1;
  }

  /** Only one client per conversation changes the budget. The order of the values is then known. */
  async settings(client, conversation) {
    if (conversation.budgetOwner !== undefined && conversation.budgetOwner !== client.number) return;
    conversation.budgetOwner = client.number;
    const counter = conversation.tokenBudget;
    counter.sent += 1;
    const { sent } = counter;
    const body = { token_budget: FIRST_BUDGET + sent };
    const response = await this.anyNode(client).send('PUT', conversationPath(conversation.id), { body });
    checkResponse(this.verdict, response);
    if (response.status === 200) counter.acknowledged = sent;
  }

  async patch(client, conversation) {
    const counter = conversation.patchOf(client.number);
    counter.sent += 1;
    const { sent } = counter;
    const body = { metadata: { [`client-${client.number}`]: sent } };
    const path = conversationPath(conversation.id, '/metadata');
    const response = await this.anyNode(client).send('PATCH', path, { body });
    checkResponse(this.verdict, response);
    if (response.status === 200) counter.acknowledged = sent;
  }

  async remove(client, conversation) {
    if (conversation.deletion !== 'none') return;
    conversation.deletion = 'sent';
    const response = await this.sendUntilResponse('DELETE', conversationPath(conversation.id));
    if (response.status === 204) conversation.deletion = 'acknowledged';
  }

  /** Reads on any node, which must return everything that was acknowledged before. */
  async read(client, conversation) {
    const { version } = conversation;
    const { append } = conversation.lastBody ?? {};
    const rest = client.random.pick(['', '/window', '/events?from_seq=-1']);
    const response = await this.anyNode(client).send('GET', conversationPath(conversation.id, rest));
    checkResponse(this.verdict, response);
    if (response.status !== 200) return;
    this.verdict.count('reads after a write');
    const seen = rest.startsWith('/events') ? (response.body.events.at(-1)?.seq ?? 0) : response.body.version;
    const least = rest.startsWith('/events') ? (append?.placements.at(-1).seq ?? 0) : version;
    if (seen < least)
      this.verdict.broken(
        'visible',
        `${conversation.id}${rest} showed ${seen}, after ${least} was acknowledged`,
      );
  }

  /** @param allowed expected error statuses. A success is then a violation */
  async append(client, conversation, count, { withKey, key, ifVersion, role = 'user', allowed } = {}) {
    const events = Array.from({ length: count }, () => this.event(client, role));
    const idempotencyKey = key ?? (withKey ? `${this.canary} ${client.number}/${client.turns}` : undefined);
    const append = conversation.sending(events, idempotencyKey, ifVersion);
    const wasDeleted = conversation.deletion === 'acknowledged';
    const body = JSON.stringify({
      ...(count === 1 ? { event: events[0] } : { events }),
      idempotency_key: idempotencyKey,
      if_version: ifVersion,
    });
    const path = conversationPath(conversation.id, '/events');
    const response = withKey
      ? await this.sendUntilResponse('POST', path, { body }, client)
      : await this.anyNode(client).send('POST', path, { body });
    if (!withKey) checkResponse(this.verdict, response);

    if (response.status === 201 && (allowed || wasDeleted))
      this.verdict.broken(
        'atomic',
        `${conversation.id}: ${body} was appended, ${allowed ?? 409} was expected`,
      );
    const expected = allowed ?? (ifVersion === undefined ? [] : [409]);
    this.settle(conversation, append, response, expected);
    if (response.status === 201 && withKey) conversation.lastBody = { append, body };
    if (append.outcome === 'unknown') await delay(RETRY_AFTER_MS);
  }

  /** Records the outcome of an append. @param expected statuses of an allowed rejection */
  settle(conversation, append, response, expected = []) {
    const { status } = response;
    if (status === 201) {
      this.noteAcknowledgement(conversation, append, response);
      this.acknowledged += 1;
      this.verdict.count('acknowledged', append.texts.length);
    } else if (status >= 400 && status < 500) {
      append.outcome = 'rejected';
      this.verdict.count('rejected requests');
      if (!expected.includes(status) && conversation.deletion === 'none')
        this.verdict.broken('responses', `an append to ${conversation.id} got the response ${response.text}`);
    } else {
      append.outcome = 'unknown';
      this.verdict.count('requests without an outcome');
    }
  }

  /** An event with a unique text. */
  event(client, role) {
    client.texts += 1;
    const filler = 'and so on '.repeat(client.random.integer(0, 12));
    const text = `${this.canary} ${client.number}.${client.texts} ${filler}`;
    return { role, parts: [{ type: 'text', text }], metadata: { client: client.number } };
  }

  noteAcknowledgement(conversation, append, { body }) {
    const evidence = conversation.acknowledged(append, body);
    if (evidence) this.verdict.broken('durable', `${conversation.id}: ${evidence}`);
  }

  /** Sends until a response arrives that is not a 5xx. */
  async sendUntilResponse(method, path, request, client) {
    for (;;) {
      const response = await this.anyNode(client).send(method, path, request);
      checkResponse(this.verdict, response);
      if (this.abandoned || (response.status !== 0 && response.status < 500)) return response;
      await delay(RETRY_AFTER_MS);
    }
  }

  anyNode(client) {
    return (client?.random ?? this.random).pick(this.nodes).http;
  }
}
