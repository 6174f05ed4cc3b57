import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Conversations, their events and their compactions.
 *
 * Every primary and unique key begins with (namespace, conversation id), so that the three tables can be
 * hash-distributed and co-located later (docs/decisions/003). There are no foreign keys: only statements that hold the
 * row lock of the conversation insert rows, and no row is ever deleted.
 */
export class InitialSchema1764000000000 implements MigrationInterface {
  readonly name = 'InitialSchema1764000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    // With 30 % of each page free, the counter updates of appends stay on their page (HOT updates).
    await queryRunner.query(`
      CREATE TABLE fastpaca.conversations (
        namespace        text             NOT NULL,
        id               text             NOT NULL,
        token_budget     integer          NOT NULL,
        trigger_ratio    double precision NOT NULL,
        policy_strategy  text             NOT NULL,
        policy_config    json             NOT NULL,
        metadata         json             NOT NULL,
        version          bigint           NOT NULL DEFAULT 0,
        last_seq         bigint           NOT NULL DEFAULT 0,
        tokens_total     bigint           NOT NULL DEFAULT 0,
        tombstoned_at    timestamptz(3),
        created_at       timestamptz(3)   NOT NULL DEFAULT clock_timestamp(),
        updated_at       timestamptz(3)   NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT conversations_pkey PRIMARY KEY (namespace, id)
      ) WITH (fillfactor = 70)`);
    await queryRunner.query(`
      CREATE TABLE fastpaca.events (
        namespace        text           NOT NULL,
        conversation_id  text           NOT NULL,
        seq              bigint         NOT NULL,
        version          bigint         NOT NULL,
        body             json           NOT NULL,
        token_estimate   integer        NOT NULL,
        tokens_total     bigint         NOT NULL,
        part_tokens      integer[],
        idempotency_key  text,
        turn_size        smallint,
        inserted_at      timestamptz(3) NOT NULL,
        CONSTRAINT events_pkey PRIMARY KEY (namespace, conversation_id, seq)
      )`);
    await queryRunner.query(`
      CREATE UNIQUE INDEX events_idempotency_key
        ON fastpaca.events (namespace, conversation_id, idempotency_key) WHERE idempotency_key IS NOT NULL`);
    await queryRunner.query(`
      CREATE TABLE fastpaca.compactions (
        namespace         text           NOT NULL,
        conversation_id   text           NOT NULL,
        version           bigint         NOT NULL,
        from_seq          bigint         NOT NULL,
        to_seq            bigint         NOT NULL,
        last_seq          bigint         NOT NULL,
        active_until      bigint         NOT NULL,
        tokens_before     bigint         NOT NULL,
        tokens_through    bigint         NOT NULL,
        replacement       json           NOT NULL,
        message_tokens    integer[]      NOT NULL,
        token_estimate    bigint         NOT NULL,
        inserted_at       timestamptz(3) NOT NULL,
        CONSTRAINT compactions_pkey PRIMARY KEY (namespace, conversation_id, version)
      )`);
    await queryRunner.query(`
      CREATE INDEX compactions_active_until
        ON fastpaca.compactions (namespace, conversation_id, active_until)`);
    const comments = {
      'conversations.tokens_total': 'sum of token_estimate over the whole log',
      'conversations.updated_at': 'last change of the record or the log; never goes back',
      'events.body': 'the event verbatim, without the fields the server owns',
      'events.tokens_total': 'running total: sum of token_estimate up to and including this event',
      'events.part_tokens': 'tokens of each part; null where there is one part only',
      'events.idempotency_key': 'on the first event of a turn',
      'events.turn_size': 'events of the turn that begins here; null without an idempotency key',
      'compactions.version': 'the version this compaction gave the conversation',
      'compactions.last_seq': 'end of the log when it happened',
      'compactions.active_until':
        'version of the compaction that replaced it; the largest bigint while it is active',
      'compactions.tokens_before': 'running total of the log before from_seq',
      'compactions.tokens_through': 'running total of the log through to_seq',
      'compactions.message_tokens': 'token_estimate of each replacement message',
      'compactions.token_estimate': 'their sum',
    };
    for (const [column, comment] of Object.entries(comments)) {
      await queryRunner.query(`COMMENT ON COLUMN fastpaca.${column} IS '${comment}'`);
    }
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward: restore a backup instead'));
  }
}
