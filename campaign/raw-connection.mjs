// A TCP connection to a node, for what no HTTP client sends: broken requests, half a request, nothing at all.
import { connect } from 'node:net';
import { clearTimeout } from 'node:timers';

/** The server closes what it dislikes, or answers; a connection on which nothing happens for so long hangs. */
const HANGS_AFTER_MS = 30_000;

export class RawConnection {
  received = Buffer.alloc(0);
  closed = false;

  /** Resolves when the connection is made; rejects if it is not. */
  static open(url) {
    const { hostname, port } = new URL(url);
    const connection = new RawConnection();
    const socket = connect({ host: hostname, port: Number(port) });
    connection.socket = socket;
    const opened = new Promise((resolve, reject) => {
      socket.once('connect', () => resolve(connection));
      socket.once('error', reject);
    });
    socket.on('error', () => undefined); // told by the close that follows
    socket.on('close', () => (connection.closed = true));
    return opened;
  }

  /** Writes; resolves when the system has taken it all, or the connection is closed. */
  write(data) {
    if (this.closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.socket.once('close', resolve);
      this.socket.write(data, () => {
        this.socket.off('close', resolve);
        resolve();
      });
    });
  }

  /** The first answer: `{status, headers, text, body}`; `{status: 0, problem}` if the connection ends without one. */
  answer(limitMs = HANGS_AFTER_MS) {
    return new Promise((resolve) => {
      const { socket } = this;
      const chunks = [this.received];
      const finish = (answer) => {
        socket.off('data', take).off('close', end);
        clearTimeout(timer);
        resolve(answer);
      };
      const take = (chunk) => {
        chunks.push(chunk);
        const answer = parseAnswer(Buffer.concat(chunks));
        if (answer) finish(answer);
      };
      const end = () => {
        finish(parseAnswer(Buffer.concat(chunks), true) ?? { status: 0, problem: 'closed', headers: {} });
      };
      const timer = setTimeout(
        () => finish({ status: 0, problem: 'hangs', headers: {}, ms: limitMs }),
        limitMs,
      );
      socket.on('data', take);
      if (this.closed) end();
      else socket.once('close', end);
    });
  }

  /** Says that nothing more will be written. */
  finish() {
    this.socket.end();
  }

  close() {
    this.socket.destroy();
  }
}

/** The answer in `bytes`, undefined while it is not complete. @param ended whether no more will come */
function parseAnswer(bytes, ended = false) {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [statusLine, ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const status = Number(statusLine.split(' ')[1]);
  const content = bytes.subarray(headEnd + 4);
  const length = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
  if (!ended && (length === undefined || content.length < length)) return undefined;
  // What follows answers what follows: a damaged length leaves bytes that are taken for another request.
  const text = content.subarray(0, length).toString();
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  return { status, headers, text, body };
}
