// The options of `npm run campaign`.
import { parseArgs } from 'node:util';

export const SCENARIOS = ['kills', 'failovers', 'reconnects', 'overload', 'hostile', 'growth'];

export const USAGE = `npm run campaign -- [options]
  --kills 20        kills of the service and of its embedded database
  --failovers 2     failovers of a primary with a standby (Debian's PostgreSQL: apt-get install postgresql)
  --reconnects 200  reconnects of stream readers
  --uploads 100     uploads of 7.9 MB at once
  --seconds 30      duration of the scenario of hostile requests
  --workers 1       worker processes of each node
  --only a,b        only these scenarios: ${SCENARIOS.join(', ')}
  --seed 1          repeats the random choices of an earlier run, not its timing
  --self-test       damages the database and checks that the checker notices`;

/** @throws Error that names the invalid argument */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      kills: { type: 'string', default: '20' },
      failovers: { type: 'string', default: '2' },
      reconnects: { type: 'string', default: '200' },
      uploads: { type: 'string', default: '100' },
      seconds: { type: 'string', default: '30' },
      workers: { type: 'string', default: '1' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      only: { type: 'string', default: SCENARIOS.join(',') },
      'self-test': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const numbers = Object.fromEntries(
    ['kills', 'failovers', 'reconnects', 'uploads', 'seconds', 'workers', 'seed'].map((name) => {
      if (!/^\d{1,9}$/.test(values[name])) throw new Error(`--${name} must be a number`);
      return [name, Number(values[name])];
    }),
  );
  const only = values.only.split(',').filter(Boolean);
  const unknown = only.find((name) => !SCENARIOS.includes(name));
  if (unknown) throw new Error(`--only: there is no scenario "${unknown}", only ${SCENARIOS.join(', ')}`);
  return { ...numbers, only, selfTest: values['self-test'], help: values.help };
}
