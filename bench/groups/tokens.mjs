import { measure } from '../measure.mjs';

/** Counting tokens, against plain tiktoken. */
export async function tokens(_environment, table) {
  const { timesPlain, differences, texts } = await measure('tokens.mjs');
  table.row(`plain tiktoken's time ÷ ours, ${texts} texts of real conversations`, timesPlain, '×', {
    atLeast: 3,
  });
  table.row('counts that differ from tiktoken', differences, '', { atMost: 0 });
}
