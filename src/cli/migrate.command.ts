import type { AppConfig } from '../config/app-config.js';
import { migrate } from '../database/migrate.js';
import { withDatabase } from './reach-database.js';

/**
 * Migrates the schema, for deployments that start the service with `MIGRATE_ON_BOOT=false`.
 *
 * @returns one line that says which migrations were applied
 */
export async function migrateDatabase(config: AppConfig): Promise<string> {
  const applied = await withDatabase(config, { create: true }, migrate);
  return applied.length ? `Applied ${applied.join(', ')}` : 'The schema is up to date';
}
