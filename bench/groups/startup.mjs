import { median } from '../quantile.mjs';
import { ROUNDS } from '../settings.mjs';
import { startupTimes } from '../startup.mjs';

/** `npm start`, with existing data. */
export async function startup(_environment, table) {
  const times = await startupTimes(Math.max(3, ROUNDS));
  table.row('`npm start` on existing data to ready', median(times) / 1000, 's', { atMost: 3 });
}
