import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** A change of a conversation, for the reports of the team. */
@Entity('activity')
export class Activity {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id!: number;

  @Column('text')
  tenant!: string;

  @Column('text')
  conversation!: string;

  @Column('text')
  kind!: string;

  @Column('integer')
  version!: number;
}
