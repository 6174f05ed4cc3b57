import { MIGRATIONS } from '../../src/database/migrations/index.js';

/** The migrations of the code, in the order in which they run. */
export const MIGRATION_NAMES = MIGRATIONS.map(({ name }) => name);
