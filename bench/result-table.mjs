/** The rows of a benchmark. */
export class ResultTable {
  rows = [];

  /** @param target `{ atLeast }` or `{ atMost }`; omit it if there is none */
  row(what, figure, unit, { atLeast, atMost } = {}) {
    const digits = Math.abs(figure) < 100 ? 2 : 0;
    const row = { what, figure: Number(figure.toFixed(digits)), unit, target: '', reached: '' };
    if (atLeast !== undefined) Object.assign(row, { target: `≥ ${atLeast}`, reached: figure >= atLeast });
    if (atMost !== undefined) Object.assign(row, { target: `≤ ${atMost}`, reached: figure <= atMost });
    if (row.target) row.reached = row.reached ? 'yes' : 'no';
    this.rows.push(row);
  }
}
