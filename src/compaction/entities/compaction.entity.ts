import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A range of seqs that the model sees as replacement messages. The log itself is unchanged. */
@Entity({ schema: 'fastpaca', name: 'compactions' })
@Index('compactions_active_until', ['namespace', 'conversationId', 'activeUntil'])
export class CompactionEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'compactions_pkey' })
  namespace!: string;

  @PrimaryColumn({ name: 'conversation_id', type: 'text', primaryKeyConstraintName: 'compactions_pkey' })
  conversationId!: string;

  @PrimaryColumn({
    type: 'bigint',
    primaryKeyConstraintName: 'compactions_pkey',
    comment: 'the version this compaction gave the conversation',
  })
  version!: number;

  @Column({ name: 'from_seq', type: 'bigint' })
  fromSeq!: number;

  @Column({ name: 'to_seq', type: 'bigint' })
  toSeq!: number;

  @Column({ name: 'last_seq', type: 'bigint', comment: 'end of the log when it happened' })
  lastSeq!: number;

  @Column({
    name: 'active_until',
    type: 'bigint',
    comment: 'version of the compaction that replaced it; the largest bigint while it is active',
  })
  activeUntil!: number;

  @Column({
    name: 'tokens_before',
    type: 'bigint',
    comment: 'running total of the log before from_seq',
  })
  tokensBefore!: number;

  @Column({
    name: 'tokens_through',
    type: 'bigint',
    comment: 'running total of the log through to_seq',
  })
  tokensThrough!: number;

  /** JSON array of the replacement messages, each as it was sent. */
  @Column({ type: 'json' })
  replacement!: string;

  @Column({
    name: 'message_tokens',
    type: 'integer',
    array: true,
    comment: 'token_estimate of each replacement message',
  })
  messageTokens!: number[];

  @Column({ name: 'token_estimate', type: 'bigint', comment: 'their sum' })
  tokenEstimate!: number;

  @Column({
    name: 'undone_at',
    type: 'bigint',
    nullable: true,
    comment: 'version that undid it; null if none did',
  })
  undoneAt!: number | null;

  @Column({
    type: 'bigint',
    nullable: true,
    comment: 'this row is an undo, and never active: the version that it undid',
  })
  undoes!: number | null;

  @Column({
    type: 'int8multirange',
    nullable: true,
    comment: 'versions at which it was replaced before an undo made it active again',
  })
  replaced!: string | null;

  @Column({ name: 'inserted_at', type: 'timestamptz', precision: 3 })
  insertedAt!: Date;
}
