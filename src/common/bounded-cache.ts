interface Entry<Value> {
  value: Value;
  bytes: number;
}

/**
 * A cache bounded by the bytes of its values. It evicts half of its entries at a time, those that were not used for
 * longest: entries live in two maps, `recent` and `older`; when `recent` is full, it becomes `older`, and what was in
 * `older` and not used since is dropped. A single map with constant insertions and deletions is worse: V8 keeps its old
 * hash tables, and every value that was ever in them, until a full collection.
 */
export class BoundedCache<Value> {
  private recent = new Map<string, Entry<Value>>();
  private older = new Map<string, Entry<Value>>();
  private recentBytes = 0;

  /** @param maxBytes limit for the sum of the sizes passed to `set`; 0 disables the cache */
  constructor(private readonly maxBytes: number) {}

  get(key: string): Value | undefined {
    const recent = this.recent.get(key);
    if (recent) return recent.value;
    const older = this.older.get(key);
    if (older) this.add(key, older);
    return older?.value;
  }

  /** @param bytes approximate size of the value; a value larger than half of `maxBytes`, which is one map, is not stored */
  set(key: string, value: Value, bytes: number): void {
    // An older value of the same key may stay in `older`: `get` looks in `recent` first.
    if (bytes <= this.maxBytes / 2) this.add(key, { value, bytes });
    else this.delete(key);
  }

  /** Deletes every entry whose key satisfies the condition. It looks at all of them. */
  deleteWhere(matches: (key: string) => boolean): void {
    for (const key of [...this.recent.keys(), ...this.older.keys()]) if (matches(key)) this.delete(key);
  }

  private add(key: string, entry: Entry<Value>): void {
    const replacedBytes = this.recent.get(key)?.bytes ?? 0;
    if (this.recentBytes - replacedBytes + entry.bytes > this.maxBytes / 2) {
      this.older = this.recent;
      this.recent = new Map();
      this.recentBytes = 0;
    } else this.recentBytes -= replacedBytes;
    this.recent.set(key, entry);
    this.recentBytes += entry.bytes;
  }

  private delete(key: string): void {
    this.recentBytes -= this.recent.get(key)?.bytes ?? 0;
    this.recent.delete(key);
    this.older.delete(key);
  }
}
