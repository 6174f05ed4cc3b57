import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
beforeAll(async () => (database = await createTestDatabase()));
afterAll(() => database.drop());

it('the campaign checker notices every kind of damage to the log', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['campaign/main.mjs', '--self-test', '--seed', '7'],
    { env: { ...process.env, NODE_OPTIONS: '', DATABASE_URL: database.url } },
  );
  const findings = stdout.split('\n').filter((line) => /: (NOT )?NOTICED$/i.test(line));
  expect(findings.map((line) => line.replace(/^\[\d+ s\] /, ''))).toEqual([
    'an acknowledged event is deleted: noticed',
    'an acknowledged event is stored twice: noticed',
    'the last event is lost, as after the promotion of an asynchronous standby: noticed',
    'the text of an event is changed: noticed',
    'two events are swapped: noticed',
    'a running total is wrong: noticed',
    'the version is incremented without a change: noticed',
    'a version is used twice: noticed',
  ]);
});
