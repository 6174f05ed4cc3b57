import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Compactions can be undone, and what they had replaced is active again. Adding the columns rewrites and scans nothing. A node of the
 * version before takes an undo for a withdrawal, so undo nothing until all nodes are updated.
 */
export class UndoneCompactions1765100000000 implements MigrationInterface {
  readonly name = 'UndoneCompactions1765100000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE fastpaca.compactions
        ADD COLUMN undone_at bigint,
        ADD COLUMN undoes    bigint,
        ADD COLUMN replaced  int8multirange`);
    for (const [column, comment] of Object.entries(COMMENTS))
      await queryRunner.query(`COMMENT ON COLUMN fastpaca.compactions.${column} IS '${comment}'`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward: restore a backup instead'));
  }
}

const COMMENTS = {
  undone_at: 'version that undid it; null if none did',
  undoes: 'this row is an undo, and never active: the version that it undid',
  replaced: 'versions at which it was replaced before an undo made it active again',
};
