import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Withdrawals are compactions without messages, which the tables could hold already. The new column says which conversations have some.
 * It is null in all that exist, so adding it rewrites and scans nothing. A node of the version before hides withdrawn events from windows,
 * but does not mark them in the log.
 */
export class Withdrawals1764700000000 implements MigrationInterface {
  readonly name = 'Withdrawals1764700000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE fastpaca.conversations ADD COLUMN withdrawn_version bigint');
    await queryRunner.query(
      `COMMENT ON COLUMN fastpaca.conversations.withdrawn_version IS
       'version that last changed which events are withdrawn; null if none ever was'`,
    );
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward: restore a backup instead'));
  }
}
