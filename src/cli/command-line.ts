import { Command, CommanderError } from 'commander';
import type { AppConfig } from '../config/app-config.js';
import { explain } from './cli-error.js';
import { configurationOptions, readConfig } from './configuration-flags.js';
import { Interruption } from './interruption.js';
import { PRODUCT_VERSION } from '../common/product-version.js';

/** The command did not succeed. */
const EXIT_FAILURE = 1;
/** The command line was not understood. */
const EXIT_USAGE = 2;

const NOTES = `
Flags are visible to every user of this machine in the list of processes. Set secrets in the environment.

Exit codes: 0 success, 1 failure, 2 bad command line.
`;

/**
 * Runs the command `fastpaca` with the arguments after its name, and ends the process unless the service runs.
 * Each subcommand loads its modules when it runs: the help and the small commands need not load the whole service.
 */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  try {
    await commandLine().parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE);
    fail(error);
  }
}

function commandLine(): Command {
  const program = new Command('fastpaca')
    .description('The context store for LLM applications.')
    .version(PRODUCT_VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print the help of a command')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`fastpaca: ${usageError(text)}\n`) })
    .showSuggestionAfterError()
    .addHelpText('after', NOTES);
  for (const option of configurationOptions()) program.addOption(option);
  const config = () => readConfig(program.opts(), process.env);

  program
    .command('serve', { isDefault: true })
    .description('run the service (the default)')
    .allowExcessArguments()
    .action(async (_options, command: Command) => {
      const [unknown] = command.args;
      if (unknown !== undefined) command.error(`error: unknown command '${unknown}'; see fastpaca --help`);
      const configuration = config();
      const { bootstrap } = await import('../bootstrap.js');
      await bootstrap({ config: configuration });
    });
  program
    .command('migrate')
    .description('migrate the schema and print which migrations were applied')
    .action(() =>
      finish(async () => {
        const { migrateDatabase } = await import('./migrate.command.js');
        console.log(await migrateDatabase(config()));
        return true;
      }),
    );
  program
    .command('doctor')
    .description('check configuration, database and address, and print what to do')
    .action(() =>
      finish(async () => {
        const { doctor } = await import('./doctor/doctor.command.js');
        return doctor(config, (line) => console.log(line));
      }),
    );
  addBackupCommands(program, config);
  return program;
}

function addBackupCommands(program: Command, config: () => AppConfig): void {
  program
    .command('backup')
    .description('write all conversations to a file, also while the service runs')
    .argument('<file>', 'path of the new backup; - for stdout')
    .option('--force', 'replace an existing file', false)
    .action((file: string, { force }: { force: boolean }) =>
      finish(async (signal) => {
        const { backUp } = await import('./backup/backup.command.js');
        console.error(await backUp(config(), { file, force, signal }));
        return true;
      }),
    );
  program
    .command('restore')
    .description('restore a backup into an empty database, also while the service runs')
    .argument('<file>', 'path of the backup; - for stdin')
    .option('--replace', 'delete the conversations of the database first', false)
    .action((file: string, { replace }: { replace: boolean }) =>
      finish(async (signal) => {
        const { restore } = await import('./backup/restore.command.js');
        console.log(await restore(config(), { file, replace, signal }));
        return true;
      }),
    );
}

/**
 * Runs a command to its end, then ends the process.
 *
 * @param work resolves to whether the command has succeeded
 */
async function finish(work: (signal: AbortSignal) => Promise<boolean>): Promise<never> {
  const interruption = new Interruption();
  try {
    const isSuccess = await work(interruption.signal);
    process.exit(isSuccess ? 0 : EXIT_FAILURE);
  } catch (error) {
    const { exitCode } = interruption;
    if (exitCode === undefined) fail(error);
    console.error('fastpaca: interrupted');
    process.exit(exitCode);
  }
}

function fail(error: unknown): never {
  console.error(`fastpaca: ${explain(error)}`);
  process.exit(EXIT_FAILURE);
}

/** Commander's message in one line, without its prefix. */
function usageError(text: string): string {
  return text
    .replace(/^error: /, '')
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ');
}
