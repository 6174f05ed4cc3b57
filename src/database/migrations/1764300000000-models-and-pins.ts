import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The model of a conversation, the tokens that its windows leave free, and its pinned events. Adding the columns rewrites and scans
 * nothing. Conversations that have events already keep null as `head_length`: a window works it out when it needs it. No event of
 * them is pinned.
 */
export class ModelsAndPins1764300000000 implements MigrationInterface {
  readonly name = 'ModelsAndPins1764300000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE fastpaca.conversations
        ADD COLUMN model          text,
        ADD COLUMN reserve_tokens integer  NOT NULL DEFAULT 0,
        ADD COLUMN head_length    smallint,
        ADD COLUMN pinned_seqs    bigint[] NOT NULL DEFAULT '{}'`);
    const comments = {
      model: 'selects how the tokens of the events are counted; null for the default tokenizer',
      reserve_tokens: 'tokens of the budget that windows leave free',
      head_length:
        'system and developer events at the very beginning of the log, at most 256; null before the first event, and where the log began before this column',
      pinned_seqs: 'seqs of the events that were appended as pinned, ascending; at most 256',
    };
    for (const [column, comment] of Object.entries(comments)) {
      await queryRunner.query(`COMMENT ON COLUMN fastpaca.conversations.${column} IS '${comment}'`);
    }
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward: restore a backup instead'));
  }
}
