import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestService } from '../../../test/support/test-service.js';

const SCRIPT = join(import.meta.dirname, '../scripts/wire-types.mjs');

let service: TestService;
beforeAll(async () => (service = await TestService.start()));
afterAll(() => service.stop());

describe('the generated wire types', () => {
  it('match the OpenAPI document of the service', async () => {
    const env = { ...process.env, NODE_OPTIONS: '' };
    const check = promisify(execFile)(process.execPath, [SCRIPT, '--check', `${service.url}/docs-json`], {
      env,
    });
    await expect(check).resolves.toEqual({ stdout: '', stderr: '' });
  });
});
