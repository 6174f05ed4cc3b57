// What the campaign has asked of the service and what it was told: every append with its outcome, every compaction,
// setting and deletion. The checker compares the service with it.
import { createHash } from 'node:crypto';

/** Digest of an event as it was sent, without the fields that the server adds. */
export function digestOf(event) {
  const sent = { ...event };
  for (const field of ['seq', 'version', 'token_estimate', 'inserted_at']) delete sent[field];
  return createHash('sha1').update(JSON.stringify(sent)).digest('base64');
}

/** The text that tells an event from all others. */
export function textOf(event) {
  return event.parts?.[0]?.text?.split(' ', 2)[1];
}

/**
 * One append, or the retries of one under the same key. `outcome`: `pending` (no answer yet), `acknowledged` (201),
 * `rejected` (4xx: must never be in the log), `unknown` (a 5xx or no answer: may be there once, or not at all).
 */
export class Append {
  outcome = 'pending';
  /** Of each event, once acknowledged: `{seq, version, token_estimate}`. */
  places;

  constructor(events, key, ifVersion) {
    this.texts = events.map(textOf);
    this.digests = events.map(digestOf);
    this.key = key;
    this.ifVersion = ifVersion;
  }
}

/** A counter that one client moves by requests: what it last asked for, and what was last acknowledged. */
export class SentCounter {
  asked = 0;
  acknowledged = 0;

  allows(value) {
    return value >= this.acknowledged && value <= this.asked;
  }
}

export class Conversation {
  appends = [];
  /** By the text of each event: its append and its place in it. */
  byText = new Map();
  /** Highest version in any acknowledgement. */
  version = 0;
  compactions = { acknowledged: [], withoutOutcome: 0, pending: 0 };
  tokenBudget = new SentCounter();
  patches = new Map();
  deletion = 'none';
  /** Its log is larger than a window, and too large to be compared twice. */
  large = false;
  events = 0;

  /** @param compacted whether clients compact it; a conversation that is never compacted has checkable window sums */
  constructor(id, { compacted }) {
    this.id = id;
    this.compacted = compacted;
  }

  /** Notes an append that is about to be sent. */
  sending(events, key, ifVersion) {
    const append = new Append(events, key, ifVersion);
    this.appends.push(append);
    append.texts.forEach((text, index) => this.byText.set(text, { append, index }));
    return append;
  }

  /** Notes a 201. @returns evidence if it contradicts an earlier 201 of the same key, or its own guard */
  acknowledged(append, body) {
    const places = (body.events ?? [body]).map(({ seq, version, token_estimate }) => ({
      seq,
      version,
      token_estimate,
    }));
    if (append.outcome === 'acknowledged') {
      const [first, again] = [append.places, places].map((each) => JSON.stringify(each));
      return first === again ? undefined : `key ${append.key} was answered ${first}, then ${again}`;
    }
    append.outcome = 'acknowledged';
    append.places = places;
    this.events += places.length;
    this.version = Math.max(this.version, places.at(-1).version);
    if (places.some(({ seq }, index) => seq !== places[0].seq + index))
      return `a turn was given the seqs ${places.map(({ seq }) => seq).join(', ')}`;
    if (append.ifVersion !== undefined && places[0].version !== append.ifVersion + 1)
      return `if_version ${append.ifVersion} was answered with version ${places[0].version}`;
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

/** Events a conversation may have before another takes its place, so that its whole log stays one page. */
const EVENTS_PER_CONVERSATION = 600;

/** All conversations: the active ones, which clients write to, and those that are complete. */
export class Ledger {
  active = [];
  complete = [];
  made = 0;

  constructor(prefix, count) {
    this.prefix = prefix;
    for (let index = 0; index < count; index += 1) this.active.push(this.next());
  }

  /** The one in this slot; a new one when the old one is full or deleted. */
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
