import type { AppConfig } from '../../config/app-config.js';
import { checkAddress } from './check-address.js';
import { checkMigrations, checkPrivileges, checkVersion, checkWrites, connect } from './check-database.js';
import { checkDataFolder } from './check-data-folder.js';
import { Report } from './report.js';

/**
 * Checks everything that a start of the service needs, and prints one line for each check. Changes nothing. A check that
 * needs the result of a failed one is left out.
 *
 * @returns whether no check has failed
 */
export async function doctor(readConfig: () => AppConfig, print: (line: string) => void): Promise<boolean> {
  const report = new Report(print);
  // An unsupported version has already ended the program with a line of its own: src/check-node-version.ts.
  print(`ok      Node.js: ${process.versions.node}`);
  const config = await report.check('configuration', () => ({ text: 'valid', value: readConfig() }));
  if (!config) return false;
  await report.check('address', () => checkAddress(config));
  if (config.databaseUrl !== undefined) {
    await checkDatabase(config, report);
    return report.isHealthy;
  }
  const database = await report.check('data folder', () => checkDataFolder(config));
  try {
    if (database) await checkDatabase(database.config, report);
  } finally {
    await database?.release();
  }
  return report.isHealthy;
}

async function checkDatabase(config: AppConfig, report: Report): Promise<void> {
  if (!(await report.check('database', () => connect(config)))) return;
  await report.check('PostgreSQL', () => checkVersion(config));
  const privileges = await report.check('privileges', () => checkPrivileges(config));
  if (privileges) await report.check('migrations', () => checkMigrations(config, privileges));
  await report.check('writes', () => checkWrites(config));
}
