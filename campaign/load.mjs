// Clients that write all the time, whatever happens to the service, and enter into the ledger what they were told. A
// client retries an append with a key until it has an answer, as a careful caller does; one without a key has no outcome
// when the answer does not come.
import { setTimeout as delay } from 'node:timers/promises';
import { noteAnswer } from './answers.mjs';
import { conversationPath } from './http-client.mjs';
import { Ledger } from './ledger.mjs';
import { until } from './waiting.mjs';

/** How often a client does what. */
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
  /** Acknowledged appends so far. */
  acknowledged = 0;

  /** @param nodes whose `http` the clients use in turn @param canary a word in every text and key */
  constructor({ nodes, verdict, random, prefix, canary, clients = 32, conversations = 12 }) {
    Object.assign(this, { nodes, verdict, canary, random });
    this.ledger = new Ledger(prefix, conversations);
    this.created = new Map();
    // They go on where they were when the load is started again.
    this.clients = Array.from({ length: clients }, (_, number) => ({
      number,
      random: random.fork(`client ${number}`),
      turns: 0,
      texts: 0,
    }));
  }

  start() {
    this.over = false;
    // A client that fails is told by stop() or grow().
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

  /** Every client finishes its request; those with a key are retried until they have an answer. */
  async stop() {
    this.over = true;
    const error = await this.failed;
    if (error) throw error;
  }

  /** Clients end as soon as they notice. */
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

  /** Creates a conversation once, whoever comes first. */
  create(conversation) {
    if (!this.created.has(conversation)) {
      const policy = conversation.compacted
        ? { strategy: 'last_n', config: { limit: 100 } }
        : { strategy: 'budget', config: {} };
      const body = { token_budget: FIRST_BUDGET, policy };
      const path = conversationPath(conversation.id);
      this.created.set(
        conversation,
        this.untilAnswered('PUT', path, { body }).then(({ status, text }) => {
          if (![200, 201].includes(status)) throw new Error(`PUT was answered ${status}: ${text}`);
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
    return this.append(client, conversation, 2, { role: 'nobody', allowed: [400] });
  }

  /** Sends an append again that was acknowledged long ago, twice at once. */
  async retry(client, conversation) {
    const earlier = conversation.lastBody;
    if (!earlier) return;
    const path = conversationPath(conversation.id, '/events');
    const answers = await Promise.all([
      this.anyNode(client).send('POST', path, { body: earlier.body }),
      this.anyNode(client).send('POST', path, { body: earlier.body }),
    ]);
    for (const answer of answers) {
      noteAnswer(this.verdict, answer);
      if (answer.status === 201) this.noteAcknowledgement(conversation, earlier.append, answer);
      else if (answer.status >= 400 && answer.status < 500)
        this.verdict.broken(
          'durable',
          `a retry of ${earlier.append.key} in ${conversation.id} was answered ${answer.text}`,
        );
    }
  }

  /** The key of an acknowledged append with other content. */
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
    const answer = await this.anyNode(client).send('POST', path, { body });
    compactions.pending -= 1;
    noteAnswer(this.verdict, answer);
    if (answer.status === 200) {
      compactions.acknowledged.push(answer.body.version);
      conversation.version = Math.max(conversation.version, answer.body.version);
    } else if (!(answer.status >= 400 && answer.status < 500)) compactions.withoutOutcome += 1;
  }

  /** One client per conversation moves its budget, so that the order of the values is known. */
  async settings(client, conversation) {
    if (conversation.budgetOwner !== undefined && conversation.budgetOwner !== client.number) return;
    conversation.budgetOwner = client.number;
    const counter = conversation.tokenBudget;
    counter.asked += 1;
    const { asked } = counter;
    const body = { token_budget: FIRST_BUDGET + asked };
    const answer = await this.anyNode(client).send('PUT', conversationPath(conversation.id), { body });
    noteAnswer(this.verdict, answer);
    if (answer.status === 200) counter.acknowledged = asked;
  }

  async patch(client, conversation) {
    const counter = conversation.patchOf(client.number);
    counter.asked += 1;
    const { asked } = counter;
    const body = { metadata: { [`client-${client.number}`]: asked } };
    const path = conversationPath(conversation.id, '/metadata');
    const answer = await this.anyNode(client).send('PATCH', path, { body });
    noteAnswer(this.verdict, answer);
    if (answer.status === 200) counter.acknowledged = asked;
  }

  async remove(client, conversation) {
    if (conversation.deletion !== 'none') return;
    conversation.deletion = 'asked';
    const answer = await this.untilAnswered('DELETE', conversationPath(conversation.id));
    if (answer.status === 204) conversation.deletion = 'acknowledged';
  }

  /** Whatever was acknowledged before a read begins is in it, on any node. */
  async read(client, conversation) {
    const { version } = conversation;
    const { append } = conversation.lastBody ?? {};
    const rest = client.random.pick(['', '/window', '/events?from_seq=-1']);
    const answer = await this.anyNode(client).send('GET', conversationPath(conversation.id, rest));
    noteAnswer(this.verdict, answer);
    if (answer.status !== 200) return;
    this.verdict.count('reads after a write');
    const seen = rest.startsWith('/events') ? (answer.body.events.at(-1)?.seq ?? 0) : answer.body.version;
    const least = rest.startsWith('/events') ? (append?.places.at(-1).seq ?? 0) : version;
    if (seen < least)
      this.verdict.broken(
        'visible',
        `${conversation.id}${rest} showed ${seen}, after ${least} was acknowledged`,
      );
  }

  /** @param allowed statuses, where a success would be wrong */
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
    const answer = withKey
      ? await this.untilAnswered('POST', path, { body }, client)
      : await this.anyNode(client).send('POST', path, { body });
    if (!withKey) noteAnswer(this.verdict, answer);

    if (answer.status === 201 && (allowed || wasDeleted))
      this.verdict.broken('atomic', `${conversation.id}: ${body} was taken, ${allowed ?? 409} was expected`);
    const expected = allowed ?? (ifVersion === undefined ? [] : [409]);
    this.settle(conversation, append, answer, expected);
    if (answer.status === 201 && withKey) conversation.lastBody = { append, body };
    if (append.outcome === 'unknown') await delay(RETRY_AFTER_MS);
  }

  /** Enters the outcome of an append. @param expected statuses of a rejection that may be */
  settle(conversation, append, answer, expected = []) {
    const { status } = answer;
    if (status === 201) {
      this.noteAcknowledgement(conversation, append, answer);
      this.acknowledged += 1;
      this.verdict.count('acknowledged', append.texts.length);
    } else if (status >= 400 && status < 500) {
      append.outcome = 'rejected';
      this.verdict.count('rejected requests');
      if (!expected.includes(status) && conversation.deletion === 'none')
        this.verdict.broken('answers', `an append to ${conversation.id} was answered ${answer.text}`);
    } else {
      append.outcome = 'unknown';
      this.verdict.count('requests without an outcome');
    }
  }

  /** An event with a text that no other has. */
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

  /** Sends until the answer is neither a 503 nor missing. */
  async untilAnswered(method, path, request, client) {
    for (;;) {
      const answer = await this.anyNode(client).send(method, path, request);
      noteAnswer(this.verdict, answer);
      if (this.abandoned || (answer.status !== 0 && answer.status < 500)) return answer;
      await delay(RETRY_AFTER_MS);
    }
  }

  anyNode(client) {
    return (client?.random ?? this.random).pick(this.nodes).http;
  }
}
