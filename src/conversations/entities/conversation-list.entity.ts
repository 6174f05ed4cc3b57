import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** The entries of a conversation in lists: one for each filter that finds it. `fastpaca.list_conversation` writes them. */
@Entity({ schema: 'fastpaca', name: 'conversation_lists' })
@Index('conversation_lists_by_activity', [
  'namespace',
  'filter',
  'tombstoned',
  'activeHour',
  'createdAt',
  'conversationId',
])
@Index('conversation_lists_by_creation', ['namespace', 'filter', 'tombstoned', 'createdAt', 'conversationId'])
export class ConversationListEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'conversation_lists_pkey' })
  namespace!: string;

  @PrimaryColumn({
    name: 'conversation_id',
    type: 'text',
    primaryKeyConstraintName: 'conversation_lists_pkey',
  })
  conversationId!: string;

  @PrimaryColumn({
    type: 'uuid',
    primaryKeyConstraintName: 'conversation_lists_pkey',
    comment: 'digest of a key of the metadata and its value; all zeros in one entry of every conversation',
  })
  filter!: string;

  @Column({ type: 'boolean' })
  tombstoned!: boolean;

  @Column({ name: 'active_hour', type: 'timestamptz', precision: 3, comment: 'the hour of updated_at' })
  activeHour!: Date;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt!: Date;
}
