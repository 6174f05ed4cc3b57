// The variables that shorten or lengthen `npm run bench`.

/** How often each measurement is repeated. The figures are medians of the rounds. */
export const ROUNDS = Number(process.env.ROUNDS ?? 3);

/** How long one measurement takes, in seconds. */
export const SECONDS = Number(process.env.SECONDS ?? 4);

/** If set, a measurement ends after this many requests, however long they take. For the test of the benchmark. */
const REQUESTS = process.env.REQUESTS === undefined ? undefined : Number(process.env.REQUESTS);

/** The end of one measurement. @param part of the usual length */
export function limit(part = 1) {
  return REQUESTS === undefined ? { durationS: SECONDS * part } : { amount: REQUESTS };
}

/** Share of the conversations and events that the benchmark creates; 1 unless it is tested. */
const SIZE = Number(process.env.SIZE ?? 1);

/** @returns how many of `count` conversations or events to create, at least one */
export function sized(count) {
  return Math.ceil(count * SIZE);
}

/** Where the rows are written as JSON. */
export const RESULT_FILE = process.env.RESULT_FILE ?? 'bench-results.json';
