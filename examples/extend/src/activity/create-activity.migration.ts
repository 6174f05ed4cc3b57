import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateActivity1790000000000 implements MigrationInterface {
  readonly name = 'CreateActivity1790000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE acme.activity (
        id           integer GENERATED ALWAYS AS IDENTITY,
        tenant       text    NOT NULL,
        conversation text    NOT NULL,
        kind         text    NOT NULL,
        version      integer NOT NULL,
        CONSTRAINT activity_pkey PRIMARY KEY (id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE acme.activity');
  }
}
