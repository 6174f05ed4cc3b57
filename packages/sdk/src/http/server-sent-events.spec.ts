import { describe, expect, it } from '@jest/globals';
import { serverSentEvents } from './server-sent-events.js';

const LONG_ENOUGH_MS = 10_000;

async function parsed(text: string, pieceLength: number): Promise<string[]> {
  const bytes = new TextEncoder().encode(text);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += pieceLength)
        controller.enqueue(bytes.slice(at, at + pieceLength));
      controller.close();
    },
  });
  const events: string[] = [];
  for await (const data of serverSentEvents(body, LONG_ENOUGH_MS)) events.push(data);
  return events;
}

describe('server-sent events', () => {
  const cases: [string, string, string[]][] = [
    ['line feeds', 'id: 1\ndata: a\n\nid: 2\ndata: b\n\n', ['a', 'b']],
    ['carriage returns and line feeds', 'id: 1\r\ndata: a\r\n\r\ndata: b\r\n\r\n', ['a', 'b']],
    ['carriage returns', 'data: a\r\rdata: b\r\r\n', ['a', 'b']],
    ['data over several lines', 'data: a\ndata: b\n\n', ['a\nb']],
    ['no space after the colon, and one of its own', 'data:a\n\ndata:  b\n\n', ['a', ' b']],
    ['comments and fields without data', ': ping\n\nid: 7\nevent: x\n\nretry: 5\ndata: a\n\n', ['a']],
    ['letters of several bytes', 'data: é€😀\n\n', ['é€😀']],
    ['a byte order mark', '\ufeffdata: a\n\n', ['a']],
    ['an event that is not finished', 'data: a\n\ndata: {"half":', ['a']],
    ['an event without its empty line', 'data: a\n\ndata: b\n', ['a']],
  ];

  it.each(cases)('have %s, however they are cut', async (_, text, events) => {
    for (const pieceLength of [1, 2, 3, 5, 1000]) expect(await parsed(text, pieceLength)).toEqual(events);
  });
});
