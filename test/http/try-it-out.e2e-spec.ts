import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chromium, type Browser, type Page } from 'playwright-core';
import { CHROMIUM, CHROMIUM_ARGUMENTS } from '../support/chromium.js';
import { PATIENCE_MS } from '../support/patience.js';
import { TestService } from '../support/test-service.js';

/**
 * Tag and id of each operation, in an order in which each succeeds. The stream is missing: the page shows a response only
 * when it has ended.
 */
const OPERATIONS = [
  ['conversations', 'putConversation'],
  ['conversations', 'patchMetadata'],
  ['events', 'appendEvents'],
  ['events', 'readEvents'],
  ['window', 'readWindow'],
  ['window', 'previewWindow'],
  ['compaction', 'compact'],
  ['conversations', 'getConversation'],
  ['conversations', 'deleteConversation'],
  ['calibrations', 'listCalibrations'],
  ['calibrations', 'resetCalibration'],
  ['audit', 'readAudit'],
  ['operation', 'getServiceInfo'],
  ['operation', 'getLiveness'],
  ['operation', 'getReadiness'],
  ['operation', 'getMetrics'],
  ['operation', 'getAsyncApi'],
] as const;

(CHROMIUM ? describe : describe.skip)('"Try it out" at /docs (skipped without Chromium)', () => {
  let service: TestService;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    service = await TestService.start();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGUMENTS });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(`${service.url}/docs`);
  });
  afterAll(async () => {
    await browser.close();
    await service.stop();
  });

  it('succeeds with the values that the page fills in, for every operation', async () => {
    await page.locator('.opblock').first().waitFor();
    expect(await page.locator('.opblock').count()).toBe(OPERATIONS.length + 1); // the stream
    for (const [tag, id] of OPERATIONS) {
      const operation = page.locator(`#operations-${tag}-${id}`);
      await operation.locator('.opblock-summary-control').click();
      await operation.locator('.try-out__btn').click();
      await operation.locator('.execute').click();
      const status = await operation
        .locator('.live-responses-table tbody .response-col_status')
        .first()
        .innerText();
      expect([id, status]).toEqual([id, expect.stringMatching(/^2\d\d/)]);
      await operation.locator('.opblock-summary-control').click(); // the page is slow with many open operations
    }
    const { body } = await service.http.get('demo');
    expect(body).toMatchObject({ last_seq: 1, version: 2, tombstoned: true });
  });
});
