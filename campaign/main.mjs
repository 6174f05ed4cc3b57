// `npm run campaign`: kills, failovers, reconnects, overload and hostile requests against the built service, with a checker that
// knows every acknowledgement. Prints one line per promise, and exits with 1 if a promise is broken. docs/reliability.md explains
// the campaign. `npm run campaign -- --help` lists the options. Needs Linux (/proc).
import { existsSync } from 'node:fs';
import { failovers } from './failovers.mjs';
import { growth } from './growth.mjs';
import { hostile } from './hostile.mjs';
import { kills } from './kills.mjs';
import { readOptions, SCENARIOS, USAGE } from './options.mjs';
import { overload } from './overload.mjs';
import { findPrograms } from './postgres-pair.mjs';
import { kill, processesIn } from './processes.mjs';
import { Random } from './random.mjs';
import { reconnects } from './reconnects.mjs';
import { RunFolder } from './run-folder.mjs';
import { selfTest } from './self-test.mjs';
import { Verdict } from './verdict.mjs';

const RUN = { kills, failovers, reconnects, overload, hostile, growth };

const startedAt = performance.now();

function progress(text) {
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.log(`[${seconds} s] ${text}`);
}

/** The context of the running scenario. Its `end` ends everything that the scenario started. */
let context;

function newContext(name, { folder, verdict, options }) {
  const endings = [];
  return {
    folder,
    verdict,
    options,
    progress,
    random: new Random(options.seed).fork(name),
    canary: `canary-${options.seed.toString(36)}-${Date.now().toString(36)}`,
    onEnd: (ending) => endings.push(ending),
    async end() {
      for (const ending of endings) await ending();
      kill(processesIn(folder.path));
    },
  };
}

async function runScenarios(shared) {
  const { verdict, options } = shared;
  for (const name of SCENARIOS.filter((each) => options.only.includes(each))) {
    progress(`${name} …`);
    verdict.at = name;
    context = newContext(name, shared);
    try {
      await RUN[name](context);
      verdict.count('scenarios');
    } catch (error) {
      verdict.broken('campaign', `${name} ended early: ${error.stack}`);
    } finally {
      await context.end();
    }
  }
  console.log(verdict.lines().join('\n'));
  progress(verdict.anyBroken ? 'at least one promise is BROKEN' : 'every tested promise held');
  return verdict.anyBroken ? 1 : 0;
}

async function runSelfTest(shared) {
  context = newContext('self-test', shared);
  try {
    const unnoticed = await selfTest(context);
    progress(
      unnoticed.length ? `the checker missed: ${unnoticed.join('; ')}` : 'the checker noticed every damage',
    );
    return unnoticed.length || shared.verdict.anyBroken ? 1 : 0;
  } finally {
    await context.end();
  }
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  if (!existsSync('/proc/self/stat')) throw new Error('the campaign needs Linux: it reads /proc');
  if (!options.selfTest && options.only.includes('failovers')) findPrograms(); // fail early
  const verdict = new Verdict(options.seed, (evidence) => progress(`BROKEN: ${evidence}`));
  for (const figure of ['missing', 'doubled']) verdict.count(figure, 0);
  const folder = await RunFolder.create();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, () => {
      console.log(verdict.lines().join('\n'));
      progress(`interrupted by ${signal}`);
      verdict.report = () => undefined; // the campaign itself ends these processes
      void Promise.resolve(context?.end())
        .then(() => folder.remove())
        .then(() => process.exit(130));
    });
  try {
    progress(`campaign with --seed ${options.seed}`);
    const shared = { folder, verdict, options };
    return await (options.selfTest ? runSelfTest(shared) : runScenarios(shared));
  } finally {
    await folder.remove();
  }
}

try {
  process.exit(await main());
} catch (error) {
  console.error(error.message);
  process.exit(2);
}
