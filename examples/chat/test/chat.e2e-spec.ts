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

/** The texts of the conversation, oldest first. */
async function readHistory(id: string): Promise<string[]> {
  const { messages } = await (await fetch(`${address}/api/${id}/history`)).json();
  return messages.map(({ text }: { text: string }) => text);
}

/** Waits until the history has `count` messages. */
async function waitForHistory(id: string, count: number): Promise<string[]> {
  for (;;) {
    const texts = await readHistory(id);
    if (texts.length >= count) return texts;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const postMessage = (id: string, message: string, signal?: AbortSignal) =>
  fetch(`${address}/api/${id}/say`, { method: 'POST', body: JSON.stringify({ message }), signal });

describe('the example chat over HTTP', () => {
  it('streams an answer, and stores it before the stream ends', async () => {
    const response = await postMessage('http', 'Hello');
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const chunks = [];
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) chunks.push(chunk);
    expect(chunks.length).toBeGreaterThan(10);
    expect(chunks.join('').trimEnd()).toMatch(/data: \[DONE\]$/);
    const [question, answer] = await readHistory('http');
    expect(question).toBe('Hello');
    expect(answer).toMatch(/^You said “Hello”.* gave me 1 message of .*close the tab now\.$/);
    const gauge = await (await fetch(`${address}/api/http/gauge`)).json();
    expect(gauge).toEqual({
      usedTokens: expect.any(Number),
      budgetTokens: 2000,
      needsCompaction: false,
      messages: 2,
    });
    expect(gauge.usedTokens).toBeGreaterThan(50);
  });

  it('stores the whole answer when the client disconnects during it', async () => {
    const connection = new AbortController();
    const { body } = await postMessage('left', 'Are you there?', connection.signal);
    const { value } = await body!.getReader().read();
    connection.abort();
    expect(new TextDecoder().decode(value)).not.toContain('[DONE]');
    expect((await waitForHistory('left', 2))[1]).toMatch(/close the tab now\.$/);
  });

  it('rejects an invalid conversation id with a message that names the problem', async () => {
    const response = await postMessage('%07', 'Hello');
    expect(response.status).toBe(400);
    expect((await response.json()).message).toMatch(/control characters/);
  });

  it.each(['{}', 'nope', 'null', '{"message":5}', '{"message":" "}'])(
    'rejects the body %s and stores nothing',
    async (body) => {
      const response = await fetch(`${address}/api/refused/say`, { method: 'POST', body });
      expect(response.status).toBe(400);
      expect((await response.json()).message).toMatch(/^Say something/);
      expect(await readHistory('refused')).toEqual([]);
    },
  );

  it('prints that its port is taken, and stops its service', async () => {
    const second = startExample(new URL(address).port, 'pipe');
    let output = '';
    second.stderr!.on('data', (data: Buffer) => (output += data.toString()));
    // `close` is emitted after the service has ended, because the service uses the same stderr; `exit` is emitted earlier.
    const code = await new Promise((resolve) => second.once('close', resolve));
    expect({ code, output }).toEqual({ code: 1, output: expect.stringMatching(/^Port \d+ is taken/) });
  });

  it('rejects an invalid percent-encoding in the URL', async () => {
    expect((await fetch(`${address}/api/%zz/history`)).status).toBe(400);
  });
});

(CHROMIUM ? describe : describe.skip)('the example chat in a browser (skipped without Chromium)', () => {
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
  const sendMessage = async (text: string) => {
    await page.getByLabel('Message', { exact: true }).fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
  };
  const waitForAnswers = (count: number) =>
    page.waitForFunction(
      (expected) =>
        document.querySelectorAll('.message.assistant').length === expected &&
        !document.querySelector('.streaming'),
      count,
    );

  it('shows an answer while it is streamed, the token gauge, and the history after a reload', async () => {
    const pageErrors: string[] = [];
    page.on('pageerror', (error) => pageErrors.push(error.message));
    await page.goto(address);
    // The page records each change of a message, so that the test does not depend on when it looks.
    await page.evaluate(() => {
      const lengths: number[] = [];
      Object.assign(window, { lengths });
      new MutationObserver(() => {
        const [last] = Array.from(document.querySelectorAll('.message')).slice(-1);
        lengths.push(last?.textContent.length ?? 0);
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    await sendMessage('First');
    await waitForAnswers(1);
    const lengths = await page.evaluate(() => (window as unknown as { lengths: number[] }).lengths);
    expect(new Set(lengths).size).toBeGreaterThan(3);
    await sendMessage('Second');
    await waitForAnswers(2);
    const shown = await texts();
    expect(shown).toHaveLength(4);
    expect(shown[3]).toContain('You said “Second”');
    expect(shown[3]).toContain('gave me 3 messages of this conversation, 2 of them yours');
    await page.waitForFunction(() => document.getElementById('figures')?.textContent.includes('4 messages'));

    await page.reload();
    await waitForAnswers(2);
    expect(await texts()).toEqual(shown);
    expect(await page.locator('#gauge').evaluate((meter: HTMLMeterElement) => meter.value)).toBeGreaterThan(
      100,
    );
    if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
    expect(pageErrors).toEqual([]);
  });

  it('stores the whole answer when the tab is closed during it', async () => {
    await page.goto('about:blank');
    await page.goto(`${address}/#closed`);
    const closed = page.waitForEvent('close', { timeout: PATIENCE_MS });
    await page.exposeFunction('closePage', () => page.close());
    await page.evaluate(() => {
      const { closePage } = window as unknown as { closePage: () => Promise<void> };
      new MutationObserver(() => {
        if ((document.querySelector('.streaming')?.textContent.length ?? 0) > 20) void closePage();
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    await sendMessage('And now?');
    await closed;
    expect((await waitForHistory('closed', 2))[1]).toMatch(/^You said “And now\?”.*close the tab now\.$/);
  });
});
