export {
  EmbeddedPostgres,
  EmbeddedPostgresError,
  type EmbeddedPostgresOptions,
} from './embedded-postgres.js';
export { SupervisedPostgres, type SupervisedPostgresOptions } from './supervised-postgres.js';
