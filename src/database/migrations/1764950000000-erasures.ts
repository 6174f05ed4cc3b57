import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Conversations that are erased. The columns are null in all that exist, so adding them rewrites nothing. Appends change none of the
 * columns of the indexes, and stay HOT updates. A node of the version before treats an erased conversation as deleted: it reads an
 * empty log, and writes nothing.
 */
export class Erasures1764950000000 implements MigrationInterface {
  readonly name = 'Erasures1764950000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE fastpaca.conversations
        ADD COLUMN erased_at timestamptz(3),
        ADD COLUMN erase_after timestamptz(3),
        ADD COLUMN erasure json`);
    await queryRunner.query(`
      CREATE INDEX conversations_erased ON fastpaca.conversations (erased_at) WHERE erased_at IS NOT NULL`);
    await queryRunner.query(`
      CREATE INDEX conversations_erase_after ON fastpaca.conversations (erase_after) WHERE erase_after IS NOT NULL`);
    const comments = {
      erased_at: 'when the conversation was erased; its text is then being deleted, or is deleted',
      erase_after:
        'when the sweeper has to look at the conversation; of an erased one, when it goes on with an erasure that was interrupted',
      erasure: 'what was erased: events, compactions, bytes, digest; null until it is counted',
    };
    for (const [column, comment] of Object.entries(comments))
      await queryRunner.query(`COMMENT ON COLUMN fastpaca.conversations.${column} IS '${comment}'`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward: restore a backup instead'));
  }
}
