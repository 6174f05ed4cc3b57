// A reader of a stream that disconnects repeatedly, resumes with its cursor, and checks that every version arrives once and in
// order.
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { conversationPath } from './http-client.mjs';
import { until } from './waiting.mjs';

/** Delay before a reader that cannot connect tries again, in milliseconds. */
const RETRY_AFTER_MS = 50;
const CONNECT_LIMIT_MS = 30_000;

/** Creates readers of these conversations, of both kinds. */
export function followersOf(conversations, count, { node, verdict, random }) {
  return Array.from({ length: count }, (_, index) => {
    const { id } = conversations[index % conversations.length];
    const kind = index % 2 ? 'websocket' : 'sse';
    return new StreamFollower({ node, id, kind, verdict, random: random.fork(`reader ${index}`) });
  });
}

/** Makes the readers connect and disconnect until `isOver`; resolves when all have disconnected. */
export async function reconnectUntil(followers, isOver) {
  await Promise.all(
    followers.map(async (follower) => {
      while (!isOver()) if (!(await follower.visit())) await delay(RETRY_AFTER_MS);
    }),
  );
}

/** Makes each reader follow its conversation to the end. Reports a reader that fails. No client may write. */
export async function finishAll(followers) {
  for (const follower of followers) {
    const { body } = await follower.node.http.send('GET', conversationPath(follower.id));
    await follower.finish(body.version).catch((error) => follower.report(error.message));
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

  /** Connects with the cursor. @returns a function that disconnects, or undefined if the connection failed */
  connect() {
    const path = conversationPath(this.id, `/stream?cursor=${this.cursor}`);
    return this.kind === 'websocket' ? this.connectWebSocket(path) : this.connectEvents(path);
  }

  /** Connects, follows for a random time, and disconnects. */
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

  /** Follows until `version` has arrived. */
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

  receive(text) {
    const frame = JSON.parse(text);
    const { type, version } = frame;
    if (type === 'event' || type === 'compaction') {
      if (version !== this.cursor + 1)
        this.report(`${type} with version ${version} arrived after version ${this.cursor}`);
      this.cursor = version;
      this.received += 1;
      this.verdict.count('versions received');
    } else if (type === 'window' && version < this.cursor)
      this.report(`window of version ${version} arrived after version ${this.cursor}`);
    else if (type === 'gap' || type === 'reset') this.report(`unexpected ${text}`);
  }

  connectWebSocket(path) {
    const address = this.node.url.replace('http', 'ws') + path;
    const socket = new WebSocket(address, { headers: this.node.headers, handshakeTimeout: CONNECT_LIMIT_MS });
    let left = false;
    socket.on('message', (data) => {
      if (!left) this.receive(data.toString());
    });
    return new Promise((resolve) => {
      socket.on('error', () => resolve(undefined));
      socket.once('open', () =>
        resolve((politely) => {
          left = true; // the reader receives frames in flight again, with its cursor
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
      request.on('timeout', () => request.destroy(new Error('no response')));
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
            if (data) this.receive(data.slice(6)); // a comment is a heartbeat
          }
        });
        return resolve(() => {
          left = true;
          request.destroy();
        });
      });
    });
  }

  report(evidence) {
    this.verdict.broken('streams', `${this.id}, ${this.kind} reader: ${evidence}`);
  }
}
