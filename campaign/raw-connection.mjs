// A TCP connection to a node, for input that an HTTP client does not send: malformed requests, half a request, nothing.
import { connect } from 'node:net';
import { clearTimeout } from 'node:timers';

/** The server must respond or close the connection within this time, or else the connection hangs. */
const HANGS_AFTER_MS = 30_000;

export class RawConnection {
  received = Buffer.alloc(0);
  closed = false;

  /** Resolves when connected; rejects if the connection fails. */
  static open(url) {
    const { hostname, port } = new URL(url);
    const connection = new RawConnection();
    const socket = connect({ host: hostname, port: Number(port) });
    connection.socket = socket;
    const opened = new Promise((resolve, reject) => {
      socket.once('connect', () => resolve(connection));
      socket.once('error', reject);
    });
    socket.on('error', () => undefined); // 'close' follows
    socket.on('close', () => (connection.closed = true));
    return opened;
  }

  /** Resolves when everything is written, or the connection is closed. */
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

  /** The first response: `{status, headers, text, body}`, or `{status: 0, problem}` if the connection ends without one. */
  firstResponse(limitMs = HANGS_AFTER_MS) {
    return new Promise((resolve) => {
      const { socket } = this;
      const chunks = [this.received];
      const finish = (response) => {
        socket.off('data', take).off('close', end);
        clearTimeout(timer);
        resolve(response);
      };
      const take = (chunk) => {
        chunks.push(chunk);
        const response = parseResponse(Buffer.concat(chunks));
        if (response) finish(response);
      };
      const end = () => {
        finish(parseResponse(Buffer.concat(chunks), true) ?? { status: 0, problem: 'closed', headers: {} });
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

  /** Half-closes: nothing more will be written. */
  finish() {
    this.socket.end();
  }

  close() {
    this.socket.destroy();
  }
}

/** Parses a response; undefined while it is incomplete. @param ended whether no more bytes will arrive */
function parseResponse(bytes, ended = false) {
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
  // Further bytes belong to another response: after a damaged length the server reads the rest of the body as a new request.
  const text = content.subarray(0, length).toString();
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  return { status, headers, text, body };
}
