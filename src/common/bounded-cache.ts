interface Entry<Value> {
  value: Value;
  bytes: number;
}

/**
 * Remembers values up to a number of bytes together; what was not used for longest is forgotten first, half of all at a
 * time. Two maps by turns: one that is added to and deleted from for ever leaves tables behind that V8 keeps until a
 * full collection, and with them all that was ever in them.
 */
export class BoundedCache<Value> {
  private recent = new Map<string, Entry<Value>>();
  private older = new Map<string, Entry<Value>>();
  private recentBytes = 0;

  /** @param maxBytes by the sizes that `set` is told; 0 remembers nothing */
  constructor(private readonly maxBytes: number) {}

  get(key: string): Value | undefined {
    const entry = this.recent.get(key) ?? this.older.get(key);
    if (entry && !this.recent.has(key)) this.remember(key, entry);
    return entry?.value;
  }

  /** @param bytes about what the value takes; one of more than an eighth of the whole is not remembered */
  set(key: string, value: Value, bytes: number): void {
    // An older value of the key is never found again: what is recent is looked at first.
    if (bytes <= this.maxBytes / 8) this.remember(key, { value, bytes });
    else this.forget(key);
  }

  private remember(key: string, entry: Entry<Value>): void {
    const replaced = this.recent.get(key)?.bytes ?? 0;
    if (this.recentBytes - replaced + entry.bytes > this.maxBytes / 2) {
      this.older = this.recent;
      this.recent = new Map();
      this.recentBytes = 0;
    } else this.recentBytes -= replaced;
    this.recent.set(key, entry);
    this.recentBytes += entry.bytes;
  }

  private forget(key: string): void {
    this.recentBytes -= this.recent.get(key)?.bytes ?? 0;
    this.recent.delete(key);
    this.older.delete(key);
  }
}
