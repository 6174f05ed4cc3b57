// The original project's scenario: 20 clients, one conversation each, turns of five sequential appends of about 65
// characters with metadata. Prints the results as JSON.
import http from 'node:http';
import { send } from './http-request.mjs';
import { Samples } from './samples.mjs';

const { url, clients, ...limit } = JSON.parse(process.argv[2]);
const TEXT = 'The quick brown fox jumps over the lazy dog, and then does it again.'.slice(0, 65);
const agent = new http.Agent({ keepAlive: true, maxSockets: clients });

/** The body of an append. */
function bodyOf(turn) {
  const event = {
    role: 'user',
    parts: [{ type: 'text', text: TEXT }],
    metadata: { turn, source: 'bench' },
  };
  return JSON.stringify({ event });
}

const samples = new Samples(limit);
await Promise.all(
  Array.from({ length: clients }, async (_, client) => {
    for (let message = 0; samples.begin(); message += 1) {
      const turn = Math.floor(message / 5);
      const { status, ms } = await send(
        agent,
        'POST',
        `${url}/v1/conversations/turns-${client}/events`,
        bodyOf(turn),
      );
      if (status >= 300) throw new Error(`append: ${status}`);
      samples.add(ms);
    }
  }),
);
agent.destroy();
console.log(JSON.stringify(samples.figures()));
