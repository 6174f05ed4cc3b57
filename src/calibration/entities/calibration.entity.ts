import { Column, Entity, PrimaryColumn } from 'typeorm';

const MILLISECONDS_NOW = () => "date_trunc('milliseconds', clock_timestamp())";

/** What usage reports have taught about a model in a namespace. */
@Entity({ schema: 'fastpaca', name: 'calibrations' })
export class CalibrationEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'calibrations_pkey' })
  namespace!: string;

  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'calibrations_pkey' })
  model!: string;

  @Column({
    type: 'double precision',
    default: 1,
    comment: 'tokens of the provider per token of this service, a multiple of 0.01',
  })
  factor!: number;

  @Column({ type: 'bigint', default: 1, comment: 'how many reports were counted' })
  reports!: number;

  @Column({
    name: 'reports_at_change',
    type: 'bigint',
    default: 0,
    comment: 'reports when the factor last changed; 0 if it never did',
  })
  reportsAtChange!: number;

  @Column({
    name: 'started_at',
    type: 'timestamptz',
    precision: 3,
    default: MILLISECONDS_NOW,
    comment: 'older reports do not count',
  })
  startedAt!: Date;

  @Column({
    name: 'updated_at',
    type: 'timestamptz',
    precision: 3,
    default: MILLISECONDS_NOW,
    comment: 'time of the last report',
  })
  updatedAt!: Date;
}
