export {
  EmbeddedPostgres,
  EmbeddedPostgresError,
  type EmbeddedPostgresOptions,
} from './embedded-postgres.js';
export { SupervisedPostgres, type SupervisedPostgresOptions } from './supervised-postgres.js';
export { findRunningServer, type RunningServer } from './running-server.js';
