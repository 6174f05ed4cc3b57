import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What usage reports teach about models: one row per model of a namespace, and one per conversation that reports. Both tables are
 * new, and no existing row changes.
 */
export class Calibrations1764400000000 implements MigrationInterface {
  readonly name = 'Calibrations1764400000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE fastpaca.calibrations (
        namespace          text             NOT NULL,
        model              text             NOT NULL,
        factor             double precision NOT NULL DEFAULT 1,
        reports            bigint           NOT NULL DEFAULT 1,
        reports_at_change  bigint           NOT NULL DEFAULT 0,
        started_at         timestamptz(3)   NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
        updated_at         timestamptz(3)   NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
        CONSTRAINT calibrations_pkey PRIMARY KEY (namespace, model)
      )`);
    await queryRunner.query(`
      CREATE TABLE fastpaca.conversation_usage (
        namespace        text  NOT NULL,
        conversation_id  text  NOT NULL,
        reports          json  NOT NULL DEFAULT '[]',
        model            text,
        slope            double precision,
        slope_weight     integer,
        learned_at       timestamptz(3),
        CONSTRAINT conversation_usage_pkey PRIMARY KEY (namespace, conversation_id)
      )`);
    await queryRunner.query(`
      CREATE INDEX conversation_usage_slopes
        ON fastpaca.conversation_usage (namespace, model, learned_at) WHERE slope IS NOT NULL`);
    await comment(queryRunner, 'calibrations', {
      factor: 'tokens of the provider per token of this service, a multiple of 0.01',
      reports: 'how many reports were counted',
      reports_at_change: 'reports when the factor last changed; 0 if it never did',
      started_at: 'older reports do not count',
      updated_at: 'time of the last report',
    });
    await comment(queryRunner, 'conversation_usage', {
      reports: 'reports beside the estimate of their window, in the order of their arrival; at most 8',
      model: 'the model that the slope is about',
      slope:
        'tokens of the provider per token of this service in this conversation; null until enough reports agree',
      slope_weight: 'the range of the estimates, in tokens; at most 20,000',
    });
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward: restore a backup instead'));
  }
}

async function comment(
  queryRunner: QueryRunner,
  table: string,
  comments: Record<string, string>,
): Promise<void> {
  for (const [column, text] of Object.entries(comments))
    await queryRunner.query(`COMMENT ON COLUMN fastpaca.${table}.${column} IS '${text}'`);
}
