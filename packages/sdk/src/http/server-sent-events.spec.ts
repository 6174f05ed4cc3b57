import { describe, expect, it } from '@jest/globals';
import { serverSentEvents } from './server-sent-events.js';

const IDLE_TIMEOUT_MS = 10_000;

async function parse(text: string, chunkLength: number): Promise<string[]> {
  const bytes = new TextEncoder().encode(text);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += chunkLength)
        controller.enqueue(bytes.slice(at, at + chunkLength));
      controller.close();
    },
  });
  const events: string[] = [];
  for await (const data of serverSentEvents(body, IDLE_TIMEOUT_MS)) events.push(data);
  return events;
}

describe('serverSentEvents', () => {
  const cases: [string, string, string[]][] = [
    ['events that end with line feeds', 'id: 1\ndata: a\n\nid: 2\ndata: b\n\n', ['a', 'b']],
    [
      'events that end with carriage returns and line feeds',
      'id: 1\r\ndata: a\r\n\r\ndata: b\r\n\r\n',
      ['a', 'b'],
    ],
    ['events that end with carriage returns', 'data: a\r\rdata: b\r\r\n', ['a', 'b']],
    ['data over several lines', 'data: a\ndata: b\n\n', ['a\nb']],
    [
      'data without a space after the colon, and data that begins with a space',
      'data:a\n\ndata:  b\n\n',
      ['a', ' b'],
    ],
    ['comments and fields without data', ': ping\n\nid: 7\nevent: x\n\nretry: 5\ndata: a\n\n', ['a']],
    ['multi-byte characters', 'data: é€😀\n\n', ['é€😀']],
    ['data after a byte order mark', '\ufeffdata: a\n\n', ['a']],
    ['the events before an incomplete line', 'data: a\n\ndata: {"half":', ['a']],
    ['the events before an event without its final empty line', 'data: a\n\ndata: b\n', ['a']],
  ];

  it.each(cases)('returns %s, for chunks of any length', async (_, text, events) => {
    for (const chunkLength of [1, 2, 3, 5, 1000]) expect(await parse(text, chunkLength)).toEqual(events);
  });
});
