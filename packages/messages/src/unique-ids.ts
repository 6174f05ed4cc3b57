/** Makes ids unique: a repeated id gets the lowest free number, from 2 on, after the separator. */
export class UniqueIds {
  private readonly used = new Set<string>();
  /** The last number of each repeated id: all lower ones are used, and counting from 2 again would take quadratic time. */
  private readonly lastNumbers = new Map<string, number>();

  /** @param maxLength of an id with its number, in UTF-16 code units; longer ids are cut. Default: unlimited */
  constructor(
    private readonly separator: string,
    private readonly maxLength = Infinity,
  ) {}

  /** Returns the id, changed if it is too long or was returned before. */
  add(id: string): string {
    const own = id.slice(0, this.maxLength);
    const unique = this.used.has(own) ? this.numbered(own) : own;
    this.used.add(unique);
    return unique;
  }

  private numbered(id: string): string {
    let number = this.lastNumbers.get(id) ?? 1;
    let candidate: string;
    do {
      number += 1;
      const suffix = `${this.separator}${number}`;
      candidate = id.slice(0, this.maxLength - suffix.length) + suffix;
    } while (this.used.has(candidate));
    this.lastNumbers.set(id, number);
    return candidate;
  }
}
