import { existsSync } from 'node:fs';

/** The browser for the tests of web pages; undefined if there is none, and then these tests are skipped. */
export const CHROMIUM = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path && existsSync(path));
