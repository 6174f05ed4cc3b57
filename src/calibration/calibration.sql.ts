import type { Statement } from '../database/statement.js';

/**
 * Counts a report of model $2 in namespace $1, and locks its calibration until the transaction ends: of any number of nodes, one at a
 * time learns.
 */
export const COUNT_REPORT: Statement = {
  name: 'count_report',
  writes: true,
  text: `
    INSERT INTO fastpaca.calibrations AS c (namespace, model) VALUES ($1, $2)
    ON CONFLICT (namespace, model) DO UPDATE
       SET reports = c.reports + 1, updated_at = date_trunc('milliseconds', clock_timestamp())
    RETURNING factor, reports, reports_at_change AS "reportsAtChange", started_at AS "startedAt"`,
};

/** Sets the factor of model $2 in namespace $1. The transaction holds the lock of its calibration. */
export const SET_FACTOR: Statement = {
  name: 'set_factor',
  writes: true,
  text: `
    UPDATE fastpaca.calibrations SET factor = $3, reports_at_change = reports
     WHERE namespace = $1 AND model = $2`,
};

/**
 * The reports of conversation ($1, $2), none for a new row. Locks the row until the transaction ends. "now" is the clock of the database,
 * in whole milliseconds as \`started_at\`.
 */
export const LOCK_USAGE: Statement = {
  name: 'lock_usage',
  writes: true,
  text: `
    INSERT INTO fastpaca.conversation_usage (namespace, conversation_id) VALUES ($1, $2)
    ON CONFLICT (namespace, conversation_id) DO UPDATE SET conversation_id = EXCLUDED.conversation_id
    RETURNING reports, date_trunc('milliseconds', clock_timestamp()) AS now`,
};

/**
 * Stores the reports $3 of conversation ($1, $2). If they have a slope ($5, not null), stores it with its weight $6 as what the
 * conversation says about model $4; otherwise the earlier slope stays.
 */
export const SAVE_USAGE: Statement = {
  name: 'save_usage',
  writes: true,
  text: `
    UPDATE fastpaca.conversation_usage
       SET reports = $3::json,
           model = CASE WHEN $5::float8 IS NULL THEN model ELSE $4 END,
           slope = COALESCE($5::float8, slope),
           slope_weight = COALESCE($6::integer, slope_weight),
           learned_at = CASE WHEN $5::float8 IS NULL THEN learned_at ELSE date_trunc('milliseconds', clock_timestamp()) END
     WHERE namespace = $1 AND conversation_id = $2`,
};

/** The slopes of model $2 in namespace $1 that were learned since $3, the newest first; at most $4. */
export const NEWEST_SLOPES: Statement = {
  name: 'newest_slopes',
  text: `
    SELECT slope AS value, slope_weight AS weight
      FROM fastpaca.conversation_usage
     WHERE namespace = $1 AND model = $2 AND learned_at >= $3 AND slope IS NOT NULL
     ORDER BY learned_at DESC
     LIMIT $4`,
};

/** The usage of conversation ($1, $2), and how many reports of model $3 were counted in the namespace. */
export const FIND_USAGE: Statement = {
  name: 'find_usage',
  text: `
    SELECT (SELECT reports FROM fastpaca.conversation_usage WHERE namespace = $1 AND conversation_id = $2) AS kept,
           (SELECT reports FROM fastpaca.calibrations WHERE namespace = $1 AND model = $3) AS counted`,
};

/** The factor of model $2 in namespace $1; no row before the first report. */
export const FIND_FACTOR: Statement = {
  name: 'find_factor',
  text: 'SELECT factor FROM fastpaca.calibrations WHERE namespace = $1 AND model = $2',
};

/** The calibrations of namespace $1 that have reports, by model; at most $2. */
export const LIST_CALIBRATIONS: Statement = {
  name: 'list_calibrations',
  text: `
    SELECT model, factor, reports, updated_at AS "updatedAt"
      FROM fastpaca.calibrations WHERE namespace = $1 AND reports > 0 ORDER BY model LIMIT $2`,
};

/**
 * Forgets what was learned about model $2 in namespace $1. The reports that conversations keep stay, but they are older than
 * \`started_at\` and no longer count. An update, because the role of the service needs no right to delete.
 */
export const RESET_CALIBRATION: Statement = {
  name: 'reset_calibration',
  writes: true,
  text: `
    UPDATE fastpaca.calibrations
       SET factor = 1, reports = 0, reports_at_change = 0, started_at = date_trunc('milliseconds', clock_timestamp())
     WHERE namespace = $1 AND model = $2`,
};

/** Deletes the usage reports of conversation ($1, $2). */
export const DELETE_USAGE: Statement = {
  name: 'delete_usage',
  writes: true,
  text: 'DELETE FROM fastpaca.conversation_usage WHERE namespace = $1 AND conversation_id = $2',
};
