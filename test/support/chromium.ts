import { existsSync } from 'node:fs';

/** Path of the browser for the tests of web pages. Undefined if there is none; these tests are then skipped. */
export const CHROMIUM = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path && existsSync(path));
