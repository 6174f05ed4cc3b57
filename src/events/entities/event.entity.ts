import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One message of the log; never changed once written. */
@Entity({ schema: 'fastpaca', name: 'events' })
export class EventEntity {
  @PrimaryColumn({ type: 'text' })
  namespace!: string;

  @PrimaryColumn({ name: 'conversation_id', type: 'text' })
  conversationId!: string;

  @PrimaryColumn({ type: 'bigint' })
  seq!: number;

  @Column({ type: 'bigint' })
  version!: number;

  /** The event verbatim, as JSON text, without the fields the server owns. */
  @Column({ type: 'json' })
  body!: string;

  @Column({ name: 'token_estimate', type: 'integer' })
  tokenEstimate!: number;

  /** Running total: the sum of `token_estimate` up to and including this event. */
  @Column({ name: 'tokens_total', type: 'bigint' })
  tokensTotal!: number;

  /** Tokens of each part; null where there is one part only. */
  @Column({ name: 'part_tokens', type: 'integer', array: true, nullable: true })
  partTokens!: number[] | null;

  /** On the first event of a turn. */
  @Column({ name: 'idempotency_key', type: 'text', nullable: true })
  idempotencyKey!: string | null;

  /** Events of the turn that begins here; null without an idempotency key. */
  @Column({ name: 'turn_size', type: 'smallint', nullable: true })
  turnSize!: number | null;

  @Column({ name: 'inserted_at', type: 'timestamptz', precision: 3 })
  insertedAt!: Date;
}
