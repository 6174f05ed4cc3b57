import type { Statement } from '../database/statement.js';

/**
 * Whether the server accepts writes, as "writable". Its rows do not fit the little memory it gets, so it writes a temporary
 * file: on a full disk that fails with 53100. Nothing remains of it.
 */
export const CHECK_WRITABLE: Statement = {
  name: 'check_writable',
  text: `
    WITH memory AS MATERIALIZED (SELECT set_config('work_mem', '64kB', true))
    SELECT bool_and(NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off') AS writable
      FROM memory CROSS JOIN LATERAL generate_series(1, 4000)`,
};
