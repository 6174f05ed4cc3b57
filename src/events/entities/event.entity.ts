import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** One message of the log; never changed once written. */
@Entity({ schema: 'fastpaca', name: 'events' })
@Index('events_idempotency_key', ['namespace', 'conversationId', 'idempotencyKey'], {
  unique: true,
  where: 'idempotency_key IS NOT NULL',
})
export class EventEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'events_pkey' })
  namespace!: string;

  @PrimaryColumn({ name: 'conversation_id', type: 'text', primaryKeyConstraintName: 'events_pkey' })
  conversationId!: string;

  @PrimaryColumn({ type: 'bigint', primaryKeyConstraintName: 'events_pkey' })
  seq!: number;

  @Column({ type: 'bigint' })
  version!: number;

  @Column({ type: 'json', comment: 'the event verbatim, without the fields the server owns' })
  body!: string;

  @Column({ name: 'token_estimate', type: 'integer' })
  tokenEstimate!: number;

  @Column({
    name: 'tokens_total',
    type: 'bigint',
    comment: 'running total: sum of token_estimate up to and including this event',
  })
  tokensTotal!: number;

  @Column({
    name: 'part_tokens',
    type: 'integer',
    array: true,
    nullable: true,
    comment: 'tokens of each part, then of each of the tool_calls; null where there is one of them only',
  })
  partTokens!: number[] | null;

  @Column({
    name: 'idempotency_key',
    type: 'text',
    nullable: true,
    comment: 'on the first event of a turn',
  })
  idempotencyKey!: string | null;

  @Column({
    name: 'turn_size',
    type: 'smallint',
    nullable: true,
    comment: 'events of the turn that begins here; null without an idempotency key',
  })
  turnSize!: number | null;

  @Column({
    type: 'text',
    nullable: true,
    comment:
      'tool calls and results of the event, and how its content was written; null where it was not worked out',
  })
  outline!: string | null;

  @Column({ name: 'inserted_at', type: 'timestamptz', precision: 3 })
  insertedAt!: Date;
}
