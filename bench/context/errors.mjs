/** How many percent a count is above the reference, rounded to 0.1. */
export function errorPercent(count, reference) {
  return Math.round((1000 * (count - reference)) / reference) / 10;
}

/** @param errors in percent */
export function meanAndWorst(errors) {
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  const worst = errors.reduce((most, error) => (Math.abs(error) > Math.abs(most) ? error : most), 0);
  return { 'mean, %': Math.round(mean * 10) / 10, 'worst, %': worst };
}
