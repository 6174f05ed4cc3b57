import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The audit log. The table is new, and no existing row changes. A trigger keeps it append-only: the role of the service usually owns the
 * table, and an owner can grant itself every right that was revoked. `TRUNCATE` is not rejected, because a restore needs it.
 */
export class Audit1764800000000 implements MigrationInterface {
  readonly name = 'Audit1764800000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE fastpaca.audit_entries (
        namespace    text            NOT NULL,
        id           uuid            NOT NULL,
        action       text            NOT NULL,
        subject      text            NOT NULL,
        actor        text            NOT NULL,
        request_id   text,
        recorded_at  timestamptz(3)  NOT NULL,
        details      json            NOT NULL DEFAULT '{}',
        CONSTRAINT audit_entries_pkey PRIMARY KEY (namespace, id)
      )`);
    await queryRunner.query(`
      CREATE FUNCTION fastpaca.reject_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'fastpaca.audit_entries is append-only: % is not allowed', TG_OP
          USING ERRCODE = 'insufficient_privilege';
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE ON fastpaca.audit_entries
        FOR EACH STATEMENT EXECUTE FUNCTION fastpaca.reject_audit_change()`);
    const comments = {
      id: 'UUID version 7 by the clock of the database: ids ascend with time',
      subject: 'id of the conversation or of the key',
      actor: 'id of a key, root, command, or the subject that an authenticator names',
      request_id: 'null outside of a request',
      details: 'numbers only',
    };
    for (const [column, text] of Object.entries(comments))
      await queryRunner.query(`COMMENT ON COLUMN fastpaca.audit_entries.${column} IS '${text}'`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward: restore a backup instead'));
  }
}
