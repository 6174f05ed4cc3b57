// The record of all requests and responses of the campaign: every append with its outcome, every compaction, setting and
// deletion. The checker compares the service with the ledger.
import { createHash } from 'node:crypto';

/** Digest of an event without the fields that the server adds. */
export function digestOf(event) {
  const sent = { ...event };
  for (const field of ['seq', 'version', 'token_estimate', 'inserted_at']) delete sent[field];
  return createHash('sha1').update(JSON.stringify(sent)).digest('base64');
}

/** The unique text of an event. */
export function textOf(event) {
  return event.parts?.[0]?.text?.split(' ', 2)[1];
}

/**
 * One append with its retries with the same key. `outcome`: `pending` (no response yet), `acknowledged` (201), `rejected`
 * (4xx: must never be in the log), `unknown` (5xx or no response: may be in the log once or not at all).
 */
export class Append {
  outcome = 'pending';
  /** `{seq, version, token_estimate}` of each event, after the acknowledgement. */
  placements;

  constructor(events, key, ifVersion) {
    this.texts = events.map(textOf);
    this.digests = events.map(digestOf);
    this.key = key;
    this.ifVersion = ifVersion;
  }
}

/** A counter that one client increases with requests: the last value sent and the last value acknowledged. */
export class SentCounter {
  sent = 0;
  acknowledged = 0;

  allows(value) {
    return value >= this.acknowledged && value <= this.sent;
  }
}

export class Conversation {
  appends = [];
  /** Text of an event → its append and its index in that append. */
  byText = new Map();
  /** Highest acknowledged version. */
  version = 0;
  compactions = { acknowledged: [], withoutOutcome: 0, pending: 0 };
  tokenBudget = new SentCounter();
  patches = new Map();
  deletion = 'none';
  /** Whether the log is larger than a window, and too large to be compared twice. */
  large = false;
  events = 0;

  /** @param compacted whether clients compact it. Only the token sum of an uncompacted conversation can be checked */
  constructor(id, { compacted }) {
    this.id = id;
    this.compacted = compacted;
  }

  /** Records an append before it is sent. */
  sending(events, key, ifVersion) {
    const append = new Append(events, key, ifVersion);
    this.appends.push(append);
    append.texts.forEach((text, index) => this.byText.set(text, { append, index }));
    return append;
  }

  /** Records a 201. @returns evidence if it contradicts an earlier 201 of the same key, or its `if_version` */
  acknowledged(append, body) {
    const placements = (body.events ?? [body]).map(({ seq, version, token_estimate }) => ({
      seq,
      version,
      token_estimate,
    }));
    if (append.outcome === 'acknowledged') {
      const [first, again] = [append.placements, placements].map((each) => JSON.stringify(each));
      return first === again ? undefined : `key ${append.key} got the response ${first}, then ${again}`;
    }
    append.outcome = 'acknowledged';
    append.placements = placements;
    this.events += placements.length;
    this.version = Math.max(this.version, placements.at(-1).version);
    if (placements.some(({ seq }, index) => seq !== placements[0].seq + index))
      return `a turn got the seqs ${placements.map(({ seq }) => seq).join(', ')}`;
    if (append.ifVersion !== undefined && placements[0].version !== append.ifVersion + 1)
      return `if_version ${append.ifVersion} was appended with version ${placements[0].version}`;
    return undefined;
  }

  patchOf(client) {
    if (!this.patches.has(client)) this.patches.set(client, new SentCounter());
    return this.patches.get(client);
  }

  acknowledgedAppends() {
    return this.appends.filter(({ outcome }) => outcome === 'acknowledged');
  }
}

/** A conversation with this many events is replaced by a new one. Its log must fit in one page. */
const EVENTS_PER_CONVERSATION = 600;

/** All conversations: clients write to the active ones; the others are complete. */
export class Ledger {
  active = [];
  complete = [];
  made = 0;

  constructor(prefix, count) {
    this.prefix = prefix;
    for (let index = 0; index < count; index += 1) this.active.push(this.next());
  }

  /** The conversation in this slot; a new one if it is full or deleted. */
  at(slot) {
    const conversation = this.active[slot];
    if (conversation.events < EVENTS_PER_CONVERSATION && conversation.deletion === 'none')
      return conversation;
    this.complete.push(conversation);
    return (this.active[slot] = this.next());
  }

  all() {
    return [...this.complete, ...this.active];
  }

  next() {
    this.made += 1;
    return new Conversation(`${this.prefix}-${this.made}`, { compacted: this.made % 3 !== 0 });
  }
}
