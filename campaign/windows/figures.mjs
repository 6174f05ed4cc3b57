// Counts the windows of a campaign and the refused ones, and keeps the shortest example of each kind of refusal.

export class Figures {
  constructor() {
    this.windows = 0;
    this.refused = 0;
    this.cells = new Map();
    this.kinds = new Map();
  }

  /** @param example `{ dialect, format, policy, violations, … }` of one window; other fields are for the report */
  count(example) {
    const { dialect, format, policy, violations } = example;
    const isRefused = violations.length > 0;
    this.windows += 1;
    this.refused += isRefused;
    for (const row of [`${dialect} → ${format}`, `${policy} → ${format}`]) {
      const cell = this.cells.get(row) ?? { windows: 0, refused: 0 };
      this.cells.set(row, { windows: cell.windows + 1, refused: cell.refused + isRefused });
    }
    for (const kind of new Set(violations.map(kindOf))) this.addKind(kind, example);
  }

  addKind(kind, example) {
    const known = this.kinds.get(kind) ?? { count: 0, example };
    const isShorter = example.reading.items.length < known.example.reading.items.length;
    this.kinds.set(kind, { count: known.count + 1, example: isShorter ? example : known.example });
  }

  /** Rows `{ row, windows, refused }`, in the order of their names. */
  table() {
    return [...this.cells].map(([row, cell]) => ({ row, ...cell })).sort((a, b) => (a.row < b.row ? -1 : 1));
  }
}

/** What refusals of one kind have in common: judge, rule, and the place without its indexes or the error without its values. */
export function kindOf({ judge, rule, path, message }) {
  const place =
    path === ''
      ? message
          .split('\n')[0]
          .replace(/["'][^"']*["']|[\w:.-]{20,}|\d+/g, '#')
          .slice(0, 120)
      : path.replace(/\[\d+\]/g, '[]');
  return `${judge} | ${rule} | ${place}`;
}
