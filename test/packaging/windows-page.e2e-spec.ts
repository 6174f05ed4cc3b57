import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { codeBlocks, runCommand } from '../support/page-examples.js';
import { TestService } from '../support/test-service.js';

let service: TestService;
beforeAll(async () => (service = await TestService.start()));
afterAll(() => service.stop());

describe('docs/windows.md', () => {
  it('shows parts of the responses that its commands receive in sequence', async () => {
    const page = readFileSync('docs/windows.md', 'utf8');
    const examples = Array.from(page.matchAll(/^```bash\n([\s\S]*?)^```\n\n```json\n([\s\S]*?)^```/gm));
    expect(examples).toHaveLength(codeBlocks(page, 'bash').length);
    expect(examples.length).toBeGreaterThan(5);
    for (const [, command = '', response = ''] of examples)
      expect(JSON.parse(await runCommand(command, service))).toMatchObject(JSON.parse(response));
  });
});
