import type { Frame } from './frames.js';

/** The connection to one reader: a websocket, or a response of server-sent events. */
export interface StreamTransport {
  /** Hands a frame to the transport, which buffers what the reader has not received yet. */
  send(frame: Frame): void;
  /** Bytes that were handed over and that the reader has not received yet. */
  bufferedBytes(): number;
  /** Closes the connection after the buffered frames, or after `CLOSE_TIMEOUT_MS`. Codes are those of websockets. */
  close(code: number, reason: string): void;
}

/** Close codes: https://www.iana.org/assignments/websocket. Those from 4000 on are our own. */
export const CLOSE = {
  done: 1000,
  goingAway: 1001,
  overloaded: 1013,
  notFound: 4404,
  erased: 4410,
  idle: 4408,
} as const;

/** How long a reader has to receive the buffered frames and the close, in milliseconds; then its connection is cut. */
export const CLOSE_TIMEOUT_MS = 1000;
