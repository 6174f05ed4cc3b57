import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FORMATS } from '@fastpaca/messages';
import { TestService } from '../support/test-service.js';

/** Runs `npm run campaign:windows` with these arguments. @returns the lines that it prints, whether or not a window was refused */
async function campaign(...args: string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ['campaign/windows/main.mjs', ...args], {
    env: { ...process.env, NODE_OPTIONS: '' },
    maxBuffer: 64 * 1024 * 1024,
  }).catch((error: unknown) => error as { stdout: string });
  return stdout.trimEnd().split('\n');
}

/** The lines from the sum on: `… windows, 0 refused`, and an example of each kind of refusal. */
function refusals(lines: string[]): string[] {
  return lines.slice(lines.findIndex((line) => /\d windows, \d+ refused/.test(line)));
}

describe('windows of random conversations', () => {
  let service: TestService;
  beforeAll(async () => (service = await TestService.start()));
  afterAll(() => service.stop());

  it('are accepted by every provider, whatever is cut from the log', async () => {
    const lines = await campaign('--pure', '--conversations', '30', '--seed', '1');
    expect(refusals(lines)).toEqual(['10560 windows, 0 refused']);
  });

  it('are accepted by every provider under every policy, budget and compaction', async () => {
    const formats = FORMATS.join(',');
    const lines = await campaign(
      '--url',
      service.url,
      '--format',
      formats,
      '--conversations',
      '4',
      '--seed',
      '2',
    );
    expect(refusals(lines)).toEqual(['3960 windows, 0 refused']);
  });
});

it('the campaign of windows notices planted faults and finds their smallest example', async () => {
  const lines = await campaign('--self-test');
  const faults = lines.filter((line) => !line.includes('without a fault'));
  expect(lines.filter((line) => /REFUSED|NOT NOTICED/.test(line))).toEqual([]);
  expect(faults.filter((line) => line.endsWith(': noticed'))).toHaveLength(19);
  expect(lines.at(-1)).toBe('the smallest example of 30 messages has 1');
});
