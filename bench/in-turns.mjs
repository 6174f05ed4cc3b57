import { median } from './quantile.mjs';
import { limit, ROUNDS } from './settings.mjs';

/**
 * Runs measurements by turns, after a warm-up. Every other round has the opposite order: the speed of a machine changes, and
 * each measurement takes as much of every change as the others.
 *
 * @param measurements by name: a function that receives the end of the measurement (`durationS` or `amount`) and returns figures
 * @returns a function that takes a figure or a ratio out of the figures of one round, and returns its median over the rounds
 */
export async function inTurns(measurements) {
  const entries = Object.entries(measurements);
  for (const [, measure] of entries) await measure(limit(1 / 4));
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const figures = {};
    for (const [name, measure] of round % 2 ? entries.toReversed() : entries) {
      figures[name] = await measure(limit());
      console.error(`round ${round + 1} of ${ROUNDS}: ${name} ${Math.round(figures[name].perSecond)}/s`);
    }
    rounds.push(figures);
  }
  return (select) => median(rounds.map(select));
}
