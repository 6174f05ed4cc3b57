// `npm run bench:context`: what the windows of each policy cost, how accurate token counts are, and how long a window takes.
import { parseArgs } from 'node:util';
import { Client } from './client.mjs';
import { startPatientService } from './patient-service.mjs';
import { measureChoices, measurePrefixes } from './prefixes.mjs';
import { measureTimes } from './times.mjs';
import { measureTokens } from './token-accuracy.mjs';

const HELP = `npm run bench:context -- [options]
  --only prefix|tokens|time|choices
                     run one part (default: all but "choices", which compares other settings of the policies);
                     "cost" is another name of "prefix"
  --turns N          length of the long conversation, default 5000
  --recorded FILE    recorded conversations, one JSON object {id, messages} per line; default: a sample of 15
  --against FOLDER   for "time": another built checkout to compare with
  --help`;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    turns: { type: 'string', default: '5000' },
    recorded: { type: 'string' },
    against: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const PARTS = { prefix: measurePrefixes, tokens: measureTokens, time: measureTimes, choices: measureChoices };
const DEFAULT_PARTS = ['prefix', 'tokens', 'time'];

if (options.help) console.log(HELP);
else await main();

async function main() {
  const only = options.only === 'cost' ? 'prefix' : options.only;
  const turns = Number(options.turns);
  if (only !== undefined && !(only in PARTS)) throw new Error(`unknown part "${options.only}"\n${HELP}`);
  if (!Number.isInteger(turns) || turns < 1)
    throw new Error(`not a number of turns: "${options.turns}"\n${HELP}`);
  const service = await startPatientService();
  try {
    for (const name of only === undefined ? DEFAULT_PARTS : [only])
      await PARTS[name](new Client(service.url), { ...options, turns, service });
  } finally {
    await service.stop();
  }
}
