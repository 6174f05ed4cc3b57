import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Conversation } from '../conversation.js';

/** A conversation: its settings and its counters. JSON columns hold the text that the caller sent. */
@Entity({ schema: 'fastpaca', name: 'conversations' })
@Index('conversations_erased', ['erasedAt'], { where: 'erased_at IS NOT NULL' })
@Index('conversations_erase_after', ['eraseAfter'], { where: 'erase_after IS NOT NULL' })
export class ConversationEntity implements Omit<Conversation, 'pinnedCount'> {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'conversations_pkey' })
  namespace!: string;

  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'conversations_pkey' })
  id!: string;

  @Column({ name: 'token_budget', type: 'integer' })
  tokenBudget!: number;

  @Column({ name: 'trigger_ratio', type: 'double precision' })
  triggerRatio!: number;

  @Column({ name: 'policy_strategy', type: 'text' })
  policyStrategy!: string;

  @Column({ name: 'policy_config', type: 'json' })
  policyConfig!: string;

  @Column({ type: 'json' })
  metadata!: string;

  @Column({
    type: 'text',
    nullable: true,
    comment: 'selects how the tokens of the events are counted; null for the default tokenizer',
  })
  model!: string | null;

  @Column({
    name: 'reserve_tokens',
    type: 'integer',
    default: 0,
    comment: 'tokens of the budget that windows leave free',
  })
  reserveTokens!: number;

  @Column({ type: 'bigint', default: 0 })
  version!: number;

  @Column({ name: 'last_seq', type: 'bigint', default: 0 })
  lastSeq!: number;

  @Column({
    name: 'tokens_total',
    type: 'bigint',
    default: 0,
    comment: 'sum of token_estimate over the whole log',
  })
  tokensTotal!: number;

  @Column({
    name: 'head_length',
    type: 'smallint',
    nullable: true,
    comment:
      'system and developer events at the very beginning of the log, at most 256; null before the first event, and where the log began before this column',
  })
  headLength!: number | null;

  @Column({
    name: 'pinned_seqs',
    type: 'bigint',
    array: true,
    default: [],
    comment: 'seqs of the events that were appended as pinned, ascending; at most 256',
  })
  pinnedSeqs!: number[];

  @Column({
    name: 'withdrawn_version',
    type: 'bigint',
    nullable: true,
    comment: 'version that last changed which events are withdrawn; null if none ever was',
  })
  withdrawnVersion!: number | null;

  @Column({
    name: 'ttl_seconds',
    type: 'integer',
    nullable: true,
    comment: 'the conversation is erased so long after its last change; null for never',
  })
  ttlSeconds!: number | null;

  @Column({ name: 'tombstoned_at', type: 'timestamptz', precision: 3, nullable: true })
  tombstonedAt!: Date | null;

  @Column({
    name: 'erased_at',
    type: 'timestamptz',
    precision: 3,
    nullable: true,
    comment: 'when the conversation was erased; its text is then being deleted, or is deleted',
  })
  erasedAt!: Date | null;

  @Column({
    name: 'erase_after',
    type: 'timestamptz',
    precision: 3,
    nullable: true,
    comment:
      'when the sweeper has to look at the conversation; of an erased one, when it goes on with an erasure that was interrupted',
  })
  eraseAfter!: Date | null;

  @Column({
    type: 'json',
    nullable: true,
    comment: 'what was erased: events, compactions, bytes, digest; null until it is counted',
  })
  erasure!: string | null;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'clock_timestamp()' })
  createdAt!: Date;

  @Column({
    name: 'updated_at',
    type: 'timestamptz',
    precision: 3,
    default: () => 'clock_timestamp()',
    comment: 'last change of the record or the log; never goes back',
  })
  updatedAt!: Date;
}
