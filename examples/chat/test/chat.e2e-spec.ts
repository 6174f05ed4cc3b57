import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chromium, type Browser, type Page } from 'playwright-core';
import { CHROMIUM } from '../../../test/support/chromium.js';
import { PATIENCE_MS } from '../../../test/support/patience.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { UNHURRIED } from '../../../test/support/unhurried.js';

let database: TestDatabase;
let example: ChildProcess;
let address: string;

const startExample = (port: string, stderr: 'inherit' | 'pipe') =>
  spawn(process.execPath, [join(import.meta.dirname, '../server.ts')], {
    env: {
      PATH: process.env.PATH,
      ...UNHURRIED,
      DATABASE_URL: database.url,
      EXAMPLE_PORT: port,
      MOCK_WORD_MS: '15',
    },
    stdio: ['ignore', 'pipe', stderr],
  });

beforeAll(async () => {
  database = await createTestDatabase();
  example = startExample('0', 'inherit');
  address = await new Promise((resolve, reject) => {
    example.once('exit', (code) => reject(new Error(`the example ended with ${code}`)));
    createInterface({ input: example.stdout! }).on('line', (line) => {
      const [url] = /http:\S+/.exec(line) ?? [];
      if (url) resolve(url);
    });
  });
});
afterAll(async () => {
  const ended = new Promise((resolve) => example.once('exit', (code) => resolve(code)));
  example.kill('SIGTERM');
  expect(await ended).toBe(0);
  await database.drop();
});

/** The texts of the log, oldest first. */
async function log(id: string): Promise<string[]> {
  const { messages } = await (await fetch(`${address}/api/${id}/history`)).json();
  return messages.map(({ text }: { text: string }) => text);
}

/** Waits until the log has so many messages. */
async function logOf(id: string, count: number): Promise<string[]> {
  for (;;) {
    const texts = await log(id);
    if (texts.length >= count) return texts;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const say = (id: string, message: string, signal?: AbortSignal) =>
  fetch(`${address}/api/${id}/say`, { method: 'POST', body: JSON.stringify({ message }), signal });

describe('the example, over HTTP', () => {
  it('streams an answer, and has it in the log before the stream ends', async () => {
    const answer = await say('http', 'Hello');
    expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const chunks = [];
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) chunks.push(chunk);
    expect(chunks.length).toBeGreaterThan(10);
    expect(chunks.join('').trimEnd()).toMatch(/data: \[DONE\]$/);
    const [asked, answered] = await log('http');
    expect(asked).toBe('Hello');
    expect(answered).toMatch(/^You said “Hello”.* gave me 1 message of .*close the tab now\.$/);
    const gauge = await (await fetch(`${address}/api/http/gauge`)).json();
    expect(gauge).toEqual({
      usedTokens: expect.any(Number),
      budgetTokens: 2000,
      needsCompaction: false,
      messages: 2,
    });
    expect(gauge.usedTokens).toBeGreaterThan(50);
  });

  it('stores the whole answer though the reader leaves in the middle', async () => {
    const leave = new AbortController();
    const { body } = await say('left', 'Are you there?', leave.signal);
    const { value } = await body!.getReader().read();
    leave.abort();
    expect(new TextDecoder().decode(value)).not.toContain('[DONE]');
    expect((await logOf('left', 2))[1]).toMatch(/close the tab now\.$/);
  });

  it('says what is wrong with a conversation that cannot be', async () => {
    const answer = await say('%07', 'Hello');
    expect(answer.status).toBe(400);
    expect((await answer.json()).message).toMatch(/control characters/);
  });

  it.each(['{}', 'nope', 'null', '{"message":5}', '{"message":" "}'])(
    'refuses %s and stores nothing',
    async (body) => {
      const answer = await fetch(`${address}/api/refused/say`, { method: 'POST', body });
      expect(answer.status).toBe(400);
      expect((await answer.json()).message).toMatch(/^Say something/);
      expect(await log('refused')).toEqual([]);
    },
  );

  it('says that its port is taken, and leaves no service behind', async () => {
    const second = startExample(new URL(address).port, 'pipe');
    let said = '';
    second.stderr!.on('data', (data: Buffer) => (said += data.toString()));
    // Not `exit`: its end of stderr is closed when the service, which has it too, has ended.
    const code = await new Promise((resolve) => second.once('close', resolve));
    expect({ code, said }).toEqual({ code: 1, said: expect.stringMatching(/^Port \d+ is taken/) });
  });

  it('refuses an address that is wrongly encoded', async () => {
    expect((await fetch(`${address}/api/%zz/history`)).status).toBe(400);
  });
});

(CHROMIUM ? describe : describe.skip)(
  'the example, in a browser (skipped where there is no Chromium)',
  () => {
    let browser: Browser;
    let page: Page;
    beforeAll(async () => {
      browser = await chromium.launch({
        executablePath: CHROMIUM,
        args: ['--no-sandbox'],
        timeout: PATIENCE_MS,
      });
      page = await browser.newPage();
      page.setDefaultTimeout(PATIENCE_MS);
    });
    afterAll(() => browser.close());

    const texts = () => page.locator('.message').allTextContents();
    const write = async (text: string) => {
      await page.getByLabel('Message', { exact: true }).fill(text);
      await page.getByRole('button', { name: 'Send' }).click();
    };
    const answered = (count: number) =>
      page.waitForFunction(
        (wanted) =>
          document.querySelectorAll('.message.assistant').length === wanted &&
          !document.querySelector('.streaming'),
        count,
      );

    it('shows answers as they come, the history after a reload, and the gauge', async () => {
      const pageErrors: string[] = [];
      page.on('pageerror', (error) => pageErrors.push(error.message));
      await page.goto(address);
      // The page itself notes each change of a message: nobody has to look at the right moment.
      await page.evaluate(() => {
        const lengths: number[] = [];
        Object.assign(window, { lengths });
        new MutationObserver(() => {
          const [last] = Array.from(document.querySelectorAll('.message')).slice(-1);
          lengths.push(last?.textContent.length ?? 0);
        }).observe(document.body, { subtree: true, childList: true, characterData: true });
      });
      await write('First');
      await answered(1);
      const lengths = await page.evaluate(() => (window as unknown as { lengths: number[] }).lengths);
      expect(new Set(lengths).size).toBeGreaterThan(3);
      await write('Second');
      await answered(2);
      const shown = await texts();
      expect(shown).toHaveLength(4);
      expect(shown[3]).toContain('You said “Second”');
      expect(shown[3]).toContain('gave me 3 messages of this conversation, 2 of them yours');
      await page.waitForFunction(() =>
        document.getElementById('figures')?.textContent.includes('4 messages'),
      );

      await page.reload();
      await answered(2);
      expect(await texts()).toEqual(shown);
      expect(await page.locator('#gauge').evaluate((meter: HTMLMeterElement) => meter.value)).toBeGreaterThan(
        100,
      );
      if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
      expect(pageErrors).toEqual([]);
    });

    it('stores the answer of a tab that is closed in the middle of it', async () => {
      await page.goto('about:blank');
      await page.goto(`${address}/#closed`);
      const closed = page.waitForEvent('close', { timeout: PATIENCE_MS });
      await page.exposeFunction('leave', () => page.close());
      await page.evaluate(() => {
        const { leave } = window as unknown as { leave: () => Promise<void> };
        new MutationObserver(() => {
          if ((document.querySelector('.streaming')?.textContent.length ?? 0) > 20) void leave();
        }).observe(document.body, { subtree: true, childList: true, characterData: true });
      });
      await write('And now?');
      await closed;
      expect((await logOf('closed', 2))[1]).toMatch(/^You said “And now\?”.*close the tab now\.$/);
    });
  },
);
