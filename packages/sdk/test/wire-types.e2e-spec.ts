import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TestService } from '../../../test/support/test-service.js';

const SCRIPT = join(import.meta.dirname, '../scripts/wire-types.mjs');

let service: TestService;
beforeAll(async () => (service = await TestService.start()));
afterAll(() => service.stop());

it('has the wire types of the service as it is', async () => {
  const env = { ...process.env, NODE_OPTIONS: '' };
  const check = promisify(execFile)(process.execPath, [SCRIPT, '--check', `${service.url}/docs-json`], {
    env,
  });
  await expect(check).resolves.toEqual({ stdout: '', stderr: '' });
});
