import { describe, expect, it } from '@jest/globals';
import {
  EmbeddedPostgresError,
  programFailure,
  toEmbeddedPostgresError,
} from './embedded-postgres.errors.js';

const errno = (code: string, path?: string) => Object.assign(new Error(`${code}: failed`), { code, path });

describe('programFailure', () => {
  it('recognises a full disk from the output of initdb', () => {
    const output = [
      'FATAL:  could not write to file "pg_wal/xlogtemp.29": No space left on device',
      'child process exited',
    ];
    expect(programFailure('x', output, '/data').message).toMatch(
      /^No space left on the disk of \/data: free some space/,
    );
  });

  it('names the remedy for a user without an entry in /etc/passwd', () => {
    const output = ['initdb: could not look up effective user ID 12345: user does not exist'];
    expect(programFailure('x', output, '/data').message).toContain('run as a user that has one');
  });

  it('quotes the fatal error, not the lines around it', () => {
    const output = [
      'LOG:  starting',
      'FATAL:  could not create lock file',
      'LOG:  database system is shut down',
      '',
    ];
    expect(programFailure('PostgreSQL did not start', output, '/data').message).toMatch(
      /^PostgreSQL did not start: could not create lock file; fix this, or use a PostgreSQL server of your own/,
    );
  });

  it('quotes the last line if no line is an error, and accepts an empty output', () => {
    expect(programFailure('x', ['first', 'last', ''], '/data').message).toContain('x: last;');
    expect(programFailure('x', [], '/data').message).toContain('printed nothing');
  });
});

describe('toEmbeddedPostgresError', () => {
  it.each([
    ['EACCES', /may not use \/data\/x: use a data folder/],
    ['EROFS', /read-only disk of \/data\/x: use a data folder/],
    ['ENOSPC', /^No space left on the disk of \/data:/],
    ['ENOTDIR', /^\/data\/x is not a folder/],
    ['EIO', /\/data did not start \(EIO: failed\): fix this/],
  ])('explains %s', (code, message) => {
    const error = errno(code, '/data/x');
    expect(toEmbeddedPostgresError(error, '/data')).toMatchObject({
      message: expect.stringMatching(message),
      cause: error,
    });
  });

  it('returns an EmbeddedPostgresError unchanged, and keeps every message on one line', () => {
    const error = new EmbeddedPostgresError('one\n  two\n');
    expect(error.message).toBe('one two');
    expect(toEmbeddedPostgresError(error, '/data')).toBe(error);
  });
});
