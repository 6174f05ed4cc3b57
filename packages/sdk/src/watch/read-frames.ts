import type { RemoteConversation } from '../http/remote-conversation.js';
import { FastpacaError } from '../errors.js';
import { linkAbort } from '../http/link-abort.js';
import { serverSentEvents } from '../http/server-sent-events.js';
import type { WireFrame } from '../wire/types.js';

interface FrameOptions {
  /** The first frames are the changes after this version. */
  cursor: number;
  includeEvents: boolean | undefined;
  idleTimeoutMs: number;
  signal: AbortSignal;
}

/**
 * Reads the frames of one connection to the change feed. Ending the iteration closes the connection.
 *
 * @throws FastpacaError
 */
export async function* readFrames(
  conversation: RemoteConversation,
  { cursor, includeEvents, idleTimeoutMs, signal }: FrameOptions,
): AsyncGenerator<WireFrame, void, undefined> {
  const connection = new AbortController();
  const unlink = linkAbort(signal, connection);
  try {
    const response = await conversation.open({
      method: 'GET',
      path: '/stream',
      query: { cursor, includeEvents },
      headers: { accept: 'text/event-stream' },
      retryable: 'always',
      signal: connection.signal,
    });
    for await (const data of serverSentEvents(bodyOf(response), idleTimeoutMs)) {
      yield JSON.parse(data) as WireFrame;
    }
  } finally {
    unlink();
    connection.abort();
  }
}

function bodyOf(response: Response): ReadableStream<Uint8Array> {
  const contentType = response.headers.get('content-type') ?? 'no content type';
  if (response.body && contentType.startsWith('text/event-stream')) return response.body;
  throw new FastpacaError(`Expected server-sent events from ${response.url}, got ${contentType}`, {
    status: response.status,
  });
}
