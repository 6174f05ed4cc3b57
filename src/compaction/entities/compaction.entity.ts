import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A range of seqs that the model sees as replacement messages. The log underneath is untouched. */
@Entity({ schema: 'fastpaca', name: 'compactions' })
export class CompactionEntity {
  @PrimaryColumn({ type: 'text' })
  namespace!: string;

  @PrimaryColumn({ name: 'conversation_id', type: 'text' })
  conversationId!: string;

  /** The version this compaction gave the conversation. */
  @PrimaryColumn({ type: 'bigint' })
  version!: number;

  @Column({ name: 'from_seq', type: 'bigint' })
  fromSeq!: number;

  @Column({ name: 'to_seq', type: 'bigint' })
  toSeq!: number;

  /** End of the log when it happened. */
  @Column({ name: 'last_seq', type: 'bigint' })
  lastSeq!: number;

  /** Version of the compaction that replaced it; the largest bigint while it is active. */
  @Column({ name: 'active_until', type: 'bigint' })
  activeUntil!: number;

  /** Running total of the log's tokens before `from_seq`. */
  @Column({ name: 'tokens_before', type: 'bigint' })
  tokensBefore!: number;

  /** Running total of the log's tokens through `to_seq`. */
  @Column({ name: 'tokens_through', type: 'bigint' })
  tokensThrough!: number;

  /** JSON text of the array of replacement messages, each as it was sent. */
  @Column({ type: 'json' })
  replacement!: string;

  /** `token_estimate` of each replacement message. */
  @Column({ name: 'message_tokens', type: 'integer', array: true })
  messageTokens!: number[];

  /** Their sum. */
  @Column({ name: 'token_estimate', type: 'bigint' })
  tokenEstimate!: number;

  @Column({ name: 'inserted_at', type: 'timestamptz', precision: 3 })
  insertedAt!: Date;
}
