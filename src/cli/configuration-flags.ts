import { Option } from 'commander';
import { AppConfig } from '../config/app-config.js';
import { SETTINGS, type Environment, type Setting } from '../config/settings.js';
import { CliError } from './cli-error.js';

/** The flag of an environment variable: `PORT` → `--port`, `FASTPACA_API_KEY` → `--api-key`. */
export function flagOf(variable: string): string {
  return `--${variable
    .replace(/^FASTPACA_/, '')
    .toLowerCase()
    .replaceAll('_', '-')}`;
}

/** One option for each setting of the service. */
export function configurationOptions(): Option[] {
  return settings().map(({ variable, meaning, default: unset }) =>
    new Option(`${flagOf(variable)} <value>`, plain(`${meaning} (${variable}; default: ${unset})`)).helpGroup(
      'Configuration; each flag wins over its environment variable:',
    ),
  );
}

/**
 * The configuration of a command.
 *
 * @param values the options of the command line, under the names that commander gives them
 * @throws CliError if a flag has a bad value; it names the flag and does not quote the value, which may be a secret
 * @throws InvalidConfigError if a variable has a bad value
 */
export function readConfig(values: Readonly<Record<string, unknown>>, environment: Environment): AppConfig {
  const given: Record<string, string> = {};
  const violations: string[] = [];
  for (const { variable, parse } of settings()) {
    const value = values[new Option(`${flagOf(variable)} <value>`).attributeName()];
    if (typeof value !== 'string') continue;
    given[variable] = value;
    try {
      parse(value === '' ? undefined : value, environment);
    } catch (error) {
      violations.push(`${flagOf(variable)} ${(error as Error).message}`);
    }
  }
  if (violations.length) throw new CliError(`Invalid configuration: ${violations.join('; ')}`);
  return AppConfig.fromEnvironment({ ...environment, ...given });
}

function settings(): Setting<unknown>[] {
  return Object.values(SETTINGS);
}

/** The text of a setting without its Markdown. */
function plain(text: string): string {
  return text.replaceAll('`', '');
}
