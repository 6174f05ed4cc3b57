import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Conversation } from '../conversation.js';

/** A conversation: its settings and its counters. Columns of JSON hold the text the caller sent. */
@Entity({ schema: 'fastpaca', name: 'conversations' })
export class ConversationEntity implements Conversation {
  @PrimaryColumn({ type: 'text' })
  namespace!: string;

  @PrimaryColumn({ type: 'text' })
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

  @Column({ type: 'bigint' })
  version!: number;

  @Column({ name: 'last_seq', type: 'bigint' })
  lastSeq!: number;

  @Column({ name: 'tokens_total', type: 'bigint' })
  tokensTotal!: number;

  @Column({ name: 'tombstoned_at', type: 'timestamptz', precision: 3, nullable: true })
  tombstonedAt!: Date | null;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt!: Date;
}
