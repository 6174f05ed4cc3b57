// Bodies of the largest size, of every kind that is slow to read: how long each one blocks the event loop, how much CPU time it
// takes, and how large the response is. Compare them with the valid text of the same size.
import { Environment } from './environment.mjs';

const BYTES = 8 * 1024 * 1024;
const ROUNDS = Number(process.env.ROUNDS ?? 3);

const environment = await Environment.start();
const list = (item, length) => {
  const each = `${item},`;
  return `[${each.repeat(Math.floor((length - 10) / each.length))}${item}]`;
};
const times = (count, item) => Array.from({ length: count }, (_, n) => item(n)).join(',');
/** An append of one part that is not text: its JSON is stored and counted. */
const part = (json) => `{"event":{"role":"user","token_count":1,"parts":[{"type":"x","json":${json}}]}}`;
const fill = (text, unit) => text.replace('…', unit.repeat(Math.floor((BYTES - text.length) / unit.length)));
const padded = (n, count) => `${n}`.padEnd(Math.floor(BYTES / count) - 24, 'x');

const bodies = {
  'a valid text': fill('{"event":{"role":"user","parts":[{"type":"text","text":"…"}]}}', 'words of a text, '),
  'a valid text of escapes': fill('{"event":{"role":"user","parts":[{"type":"text","text":"…"}]}}', '\\n\\"'),
  'a string of escaped quotes': fill(part('"…"'), '\\"'),
  'a string of backslashes': fill(part('"…"'), '\\\\'),
  'white space': fill(part('[1,…1]'), ' '),
  'white space between the most values': part(`[${times(240_000, () => `1${' '.repeat(32)}`)}]`),
  'the most numbers': part(`[${times(240_000, (n) => `${n}e1`)}]`),
  'the most strings': part(`[${times(240_000, (n) => `"${padded(n, 240_000)}"`)}]`),
  'the most empty objects': part(`[${times(240_000, () => '{}')}]`),
  'the most members': part(`{${times(49_000, (n) => `"${n}k":1`)}}`),
  'the most members with long names': part(`{${times(49_000, (n) => `"k${padded(n, 49_000)}":1`)}}`),
  'the most members with escaped names': part(`{${times(49_000, (n) => `"\\n${padded(n, 49_000)}":1`)}}`),
  'one long number': fill(part('1…'), '1'),
  'the most parts': `{"event":{"role":"user","parts":[${times(24_000, () => '{"type":"text","text":"a"}')}]}}`,
  'the most parts that are not text': `{"event":{"role":"user","parts":[${times(24_000, () => '{"type":"x","y":"a"}')}]}}`,
  'unknown fields': `{${times(700_000, (n) => `"x${n}":1`)}}`,
  'the most unknown fields': `{${times(49_000, (n) => `"x${padded(n, 49_000)}":1`)}}`,
  'bad parts': `{"event":{"role":"user","parts":${list('1', BYTES - 100)}}}`,
  'the most bad parts': `{"event":{"role":"user","parts":[${times(240_000, () => '1')}]}}`,
  'deep lists': '['.repeat(BYTES),
  'not JSON, at the end of escapes': fill('{"event":"…"', '\\n'),
  'not JSON, at the end of white space': fill('{"event":…]', ' '),
  'not JSON, at the end of members': `{${times(49_000, (n) => `"\\n${padded(n, 49_000)}":1`)}]`,
  'not UTF-8': Buffer.alloc(BYTES, 0xff),
};

const rows = [];
try {
  await environment.conversations.create('body', 1);
  const send = async (body) => {
    const response = await fetch(`${environment.url}/v1/conversations/body-0/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    return { status: response.status, bytes: (await response.arrayBuffer()).byteLength };
  };
  await send(bodies['a valid text']); // starts the worker thread
  for (const [what, body] of Object.entries(bodies)) {
    if (process.argv[2] && !what.includes(process.argv[2])) continue;
    let best;
    for (let round = 0; round < ROUNDS; round += 1) {
      const { cpuMicros: before } = await environment.service.report();
      await environment.service.watchStalls();
      const start = performance.now();
      const { status, bytes } = await send(body);
      const ms = Math.round(performance.now() - start);
      const { longestStallMs, cpuMicros } = await environment.service.report();
      const row = {
        what,
        bytes: Buffer.byteLength(body),
        status,
        'longest stall, ms': Math.round(longestStallMs),
        'CPU, ms': Math.round((cpuMicros - before) / 1000),
        'response after, ms': ms,
        'response, bytes': bytes,
      };
      if (!best || row['longest stall, ms'] < best['longest stall, ms']) best = row;
    }
    rows.push(best);
  }
  console.table(rows);
} finally {
  await environment.stop();
}
