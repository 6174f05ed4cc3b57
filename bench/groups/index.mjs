import { append } from './append.mjs';
import { cold } from './cold.mjs';
import { conversations } from './conversations.mjs';
import { growth } from './growth.mjs';
import { large } from './large.mjs';
import { memory } from './memory.mjs';
import { oneClient } from './one-client.mjs';
import { stall } from './stall.mjs';
import { startup } from './startup.mjs';
import { tokens } from './tokens.mjs';
import { window } from './window.mjs';

/**
 * The groups of `npm run bench` by name: functions that measure and add rows to a table. All figures of a ratio come from the same
 * group, and are measured by turns.
 */
export const groups = {
  append,
  'one-client': oneClient,
  conversations,
  window,
  cold,
  large,
  tokens,
  stall,
  growth,
  memory,
  startup,
};
