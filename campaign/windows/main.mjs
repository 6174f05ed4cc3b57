// `npm run campaign:windows`: windows of random conversations, in every dialect, read in every format under every policy, budget
// and compaction. Prints how many of them a provider would refuse, with the smallest example of each kind, and exits with 1 if
// there is one.
import { parseArgs } from 'node:util';
import { FORMATS } from '@fastpaca/messages';
import { AI_SDK_FORMATS } from './ai-sdk-refusals.mjs';
import { minimise, runCampaign } from './campaign.mjs';
import { DIALECTS } from './dialects/index.mjs';
import { LIBRARY_FORMATS } from './library-requests.mjs';
import { PureWindows } from './pure-windows.mjs';
import { Judge } from './refusals.mjs';
import { selfTest } from './self-test.mjs';
import { ServiceWindows } from './service-windows.mjs';

const USAGE = `npm run campaign:windows -- [options]
  --conversations 100  random conversations in each dialect
  --windows 4          windows of each conversation in each format, of all policies and budgets; default all
  --seed 1             repeats the conversations of an earlier run
  --only a,b           only these dialects: ${Object.keys(DIALECTS).join(', ')}
  --format a,b         only these formats; without --pure also ${Object.keys(LIBRARY_FORMATS).join(', ')}
  --pure               renders cut logs without a service, which is faster: every fault is one of packages/messages
  --url URL            a running service; by default one is started
  --examples 10        kinds of refusals to print
  --self-test          plants faults in prompts and checks that the judges notice them`;

/** Conversations that a service handles at once. */
const CONCURRENCY = 6;
const LONGEST_LINE = 1500;

function readOptions() {
  const { values } = parseArgs({
    options: {
      conversations: { type: 'string', default: '100' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      examples: { type: 'string', default: '10' },
      windows: { type: 'string', default: String(Number.MAX_SAFE_INTEGER) },
      only: { type: 'string', default: Object.keys(DIALECTS).join(',') },
      format: { type: 'string' },
      url: { type: 'string' },
      pure: { type: 'boolean', default: false },
      'self-test': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const dialects = values.only.split(',');
  const unknown = dialects.find((name) => !(name in DIALECTS));
  if (unknown) throw new Error(`--only: there is no dialect "${unknown}"`);
  const numbers = Object.fromEntries(
    ['conversations', 'seed', 'examples', 'windows'].map((name) => [name, Number(values[name])]),
  );
  return {
    ...values,
    ...numbers,
    dialects,
    formats: values.format?.split(',') ?? [
      ...FORMATS,
      ...(values.pure ? AI_SDK_FORMATS : Object.keys(LIBRARY_FORMATS)),
    ],
  };
}

async function printExamples({ kinds }, judge, most) {
  const frequent = [...kinds].sort(([, one], [, other]) => other.count - one.count).slice(0, most);
  for (const [kind, { count, example }] of frequent) {
    console.log(`\n${count} × ${kind}\n  ${example.name}, ${example.format}, ${example.reading.name}`);
    const smallest = await minimise(kind, example, judge);
    if (!smallest) {
      console.log('  does not repeat');
      continue;
    }
    const { items, violation, rendered } = smallest;
    for (const line of [
      `${violation.path} ${violation.message}`,
      ...items.map((item) => JSON.stringify(item)),
      `⇒ ${JSON.stringify(rendered)}`,
    ])
      console.log(`  ${line.slice(0, LONGEST_LINE)}`);
  }
}

async function main() {
  const options = readOptions();
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  if (options['self-test']) {
    const lines = await selfTest(FORMATS, await Judge.load());
    console.log(lines.join('\n'));
    return lines.some((line) => /REFUSED|NOT NOTICED/.test(line)) ? 1 : 0;
  }
  console.log(`campaign of windows with --seed ${options.seed}`);
  const source = options.pure ? new PureWindows() : await ServiceWindows.open(options.url);
  try {
    const judge = await Judge.load();
    const figures = await runCampaign(
      { ...options, concurrency: options.pure ? 1 : CONCURRENCY },
      source,
      judge,
    );
    console.table(figures.table());
    console.log(`${figures.windows} windows, ${figures.refused} refused`);
    await printExamples(figures, judge, options.examples);
    return figures.refused === 0 ? 0 : 1;
  } finally {
    await source.stop();
  }
}

try {
  process.exit(await main());
} catch (error) {
  console.error(error);
  process.exit(2);
}
