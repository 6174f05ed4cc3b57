let lastSecond = 0;
let prefix = '';

/** A time in ISO 8601, as `Date.toISOString` formats it. The part before the milliseconds is formatted once a second. */
export function isoTime(timeMs = Date.now()): string {
  const second = Math.floor(timeMs / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    prefix = new Date(second * 1000).toISOString().slice(0, -'000Z'.length);
  }
  return `${prefix}${String(timeMs % 1000).padStart(3, '0')}Z`;
}
