import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** The usage reports of a conversation, and what they say about its model. */
@Entity({ schema: 'fastpaca', name: 'conversation_usage' })
@Index('conversation_usage_slopes', ['namespace', 'model', 'learnedAt'], { where: 'slope IS NOT NULL' })
export class ConversationUsageEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'conversation_usage_pkey' })
  namespace!: string;

  @PrimaryColumn({
    name: 'conversation_id',
    type: 'text',
    primaryKeyConstraintName: 'conversation_usage_pkey',
  })
  conversationId!: string;

  @Column({
    type: 'json',
    default: '[]',
    comment: 'reports beside the estimate of their window, in the order of their arrival; at most 8',
  })
  reports!: string;

  @Column({ type: 'text', nullable: true, comment: 'the model that the slope is about' })
  model!: string | null;

  @Column({
    type: 'double precision',
    nullable: true,
    comment:
      'tokens of the provider per token of this service in this conversation; null until enough reports agree',
  })
  slope!: number | null;

  @Column({
    name: 'slope_weight',
    type: 'integer',
    nullable: true,
    comment: 'the range of the estimates, in tokens; at most 20,000',
  })
  slopeWeight!: number | null;

  @Column({ name: 'learned_at', type: 'timestamptz', precision: 3, nullable: true })
  learnedAt!: Date | null;
}
