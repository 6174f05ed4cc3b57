import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An entry of the audit log. A trigger rejects UPDATE and DELETE. */
@Entity({ schema: 'fastpaca', name: 'audit_entries' })
export class AuditEntryEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'audit_entries_pkey' })
  namespace!: string;

  @PrimaryColumn({
    type: 'uuid',
    primaryKeyConstraintName: 'audit_entries_pkey',
    comment: 'UUID version 7 by the clock of the database: ids ascend with time',
  })
  id!: string;

  @Column({ type: 'text' })
  action!: string;

  @Column({ type: 'text', comment: 'id of the conversation or of the key' })
  subject!: string;

  @Column({
    type: 'text',
    comment: 'id of a key, root, command, or the subject that an authenticator names',
  })
  actor!: string;

  @Column({ name: 'request_id', type: 'text', nullable: true, comment: 'null outside of a request' })
  requestId!: string | null;

  @Column({ name: 'recorded_at', type: 'timestamptz', precision: 3 })
  recordedAt!: Date;

  @Column({ type: 'json', default: '{}', comment: 'numbers only' })
  details!: string;
}
