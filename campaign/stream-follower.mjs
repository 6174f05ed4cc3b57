// A reader of a stream that loses its connection again and again, resumes with its cursor, and demands every version once
// and in order.
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { conversationPath } from './http-client.mjs';
import { until } from './waiting.mjs';

/** A reader that cannot connect tries again after so long. */
const RETRY_AFTER_MS = 50;
const CONNECT_LIMIT_MS = 30_000;

/** Readers of these conversations, of both kinds. */
export function followersOf(conversations, count, { node, verdict, random }) {
  return Array.from({ length: count }, (_, index) => {
    const { id } = conversations[index % conversations.length];
    const kind = index % 2 ? 'websocket' : 'sse';
    return new StreamFollower({ node, id, kind, verdict, random: random.fork(`reader ${index}`) });
  });
}

/** Has them come and go until `isOver`; resolves when all have left. */
export async function comeAndGo(followers, isOver) {
  await Promise.all(
    followers.map(async (follower) => {
      while (!isOver()) if (!(await follower.visit())) await delay(RETRY_AFTER_MS);
    }),
  );
}

/** Has each follow to the end of its conversation, to which nobody writes; evidence if it does not get there. */
export async function finishAll(followers) {
  for (const follower of followers) {
    const { body } = await follower.node.http.send('GET', conversationPath(follower.id));
    await follower.finish(body.version).catch((error) => follower.blame(error.message));
  }
}

class StreamFollower {
  /** The last version received. */
  cursor = 0;
  received = 0;

  /** @param kind `websocket` or `sse` */
  constructor({ node, id, kind, verdict, random }) {
    Object.assign(this, { node, id, kind, verdict, random });
  }

  /** Connects with the cursor; undefined if it is refused for now, else what ends the connection. */
  connect() {
    const path = conversationPath(this.id, `/stream?cursor=${this.cursor}`);
    return this.kind === 'websocket' ? this.connectWebSocket(path) : this.connectEvents(path);
  }

  /** Follows for a random moment, leaves, and is ready to come back. */
  async visit() {
    const leave = await this.connect();
    if (!leave) return false;
    const target = this.received + this.random.integer(0, 40);
    const end = performance.now() + this.random.integer(0, 150);
    await until('enough frames', () => this.received >= target || performance.now() > end, { everyMs: 5 });
    leave(this.random.chance(0.5));
    this.verdict.count('reconnects');
    return true;
  }

  /** Follows until `version` has come. */
  async finish(version) {
    const leave = await until(`the stream of ${this.id}`, () => this.connect());
    try {
      await until(
        `version ${version} of ${this.id} (${this.kind}, at ${this.cursor})`,
        () => this.cursor >= version,
      );
    } finally {
      leave(false);
    }
  }

  take(text) {
    const frame = JSON.parse(text);
    const { type, version } = frame;
    if (type === 'event' || type === 'compaction') {
      if (version !== this.cursor + 1)
        this.blame(`${type} with version ${version} came after version ${this.cursor}`);
      this.cursor = version;
      this.received += 1;
      this.verdict.count('versions received');
    } else if (type === 'window' && version < this.cursor)
      this.blame(`window of version ${version} came after version ${this.cursor}`);
    else if (type === 'gap' || type === 'reset') this.blame(`unexpected ${text}`);
  }

  connectWebSocket(path) {
    const address = this.node.url.replace('http', 'ws') + path;
    const socket = new WebSocket(address, { headers: this.node.headers, handshakeTimeout: CONNECT_LIMIT_MS });
    let left = false;
    socket.on('message', (data) => {
      if (!left) this.take(data.toString());
    });
    return new Promise((resolve) => {
      socket.on('error', () => resolve(undefined));
      socket.once('open', () =>
        resolve((politely) => {
          left = true; // what is on its way is asked for again
          if (politely) socket.close();
          else socket.terminate();
        }),
      );
    });
  }

  connectEvents(path) {
    return new Promise((resolve) => {
      const headers = { accept: 'text/event-stream', ...this.node.headers };
      const request = http.get(this.node.url + path, { headers, agent: false, timeout: CONNECT_LIMIT_MS });
      request.on('timeout', () => request.destroy(new Error('no answer')));
      request.on('error', () => resolve(undefined));
      request.once('response', (response) => {
        request.setTimeout(0);
        response.on('error', () => undefined);
        if (response.statusCode !== 200) {
          response.resume();
          return resolve(undefined);
        }
        let rest = '';
        let left = false;
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          if (left) return;
          const blocks = (rest + chunk).split('\n\n');
          rest = blocks.pop();
          for (const block of blocks) {
            const data = block.split('\n').find((line) => line.startsWith('data: '));
            if (data) this.take(data.slice(6)); // a comment is a heartbeat
          }
        });
        return resolve(() => {
          left = true;
          request.destroy();
        });
      });
    });
  }

  blame(evidence) {
    this.verdict.broken('streams', `${this.id}, ${this.kind} reader: ${evidence}`);
  }
}
