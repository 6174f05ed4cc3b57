import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Conversations that are erased some time after their last change. The column is null in all that exist. */
export class TimeToLive1765400000000 implements MigrationInterface {
  readonly name = 'TimeToLive1765400000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE fastpaca.conversations ADD COLUMN ttl_seconds integer');
    await queryRunner.query(
      `COMMENT ON COLUMN fastpaca.conversations.ttl_seconds IS
       'the conversation is erased so long after its last change; null for never'`,
    );
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward: restore a backup instead'));
  }
}
