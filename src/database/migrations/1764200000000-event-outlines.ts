import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The outline of each event, for windows that cut between groups. Events that exist already keep null: a window works out their
 * outlines when it needs them. Adding the column rewrites nothing.
 */
export class EventOutlines1764200000000 implements MigrationInterface {
  readonly name = 'EventOutlines1764200000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE fastpaca.events ADD COLUMN outline text');
    await queryRunner.query(
      `COMMENT ON COLUMN fastpaca.events.outline IS
       'tool calls and results of the event, and how its content was written; null where it was not worked out'`,
    );
    await queryRunner.query(
      `COMMENT ON COLUMN fastpaca.events.part_tokens IS
       'tokens of each part, then of each of the tool_calls; null where there is one of them only'`,
    );
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward: restore a backup instead'));
  }
}
