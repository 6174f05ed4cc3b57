/** Bodies of up to this many bytes are small: they have a share of the budget to themselves, and are parsed at once. */
export const SMALL_BODY_BYTES = 64 * 1024;

/** Part of the budget that only small bodies use. */
const SMALL_SHARE = 1 / 4;

/** Bodies of one class, small or large, that are being received or handled. */
interface Pool {
  limitBytes: number;
  bytes: number;
}

/**
 * The place of one body in the budget, from its first byte to the end of its answer. An object with methods: a closure per
 * request, called from one place, had each request kept until a full collection.
 */
export class UploadSlot {
  private taken = 0;
  private pool: Pool;
  private onRelease?: () => void;

  constructor(
    private readonly small: Pool,
    private readonly large: Pool,
  ) {
    this.pool = small;
  }

  /** Bytes this body takes from now on; false, and nothing changes, if the budget has no space for them. */
  resize(bytes: number): boolean {
    const target = bytes > SMALL_BODY_BYTES ? this.large : this.small;
    const others = target.bytes - (target === this.pool ? this.taken : 0);
    if (others > 0 && others + bytes > target.limitBytes) return false;
    this.pool.bytes -= this.taken;
    target.bytes += bytes;
    this.pool = target;
    this.taken = bytes;
    return true;
  }

  /** `listener` is called when the slot is released. */
  whenReleased(listener: () => void): void {
    this.onRelease = listener;
  }

  /** Gives the bytes back. Calling it again does nothing. */
  release(): void {
    this.pool.bytes -= this.taken;
    this.taken = 0;
    this.onRelease?.();
    this.onRelease = undefined;
  }
}

/**
 * Bounds the bytes of request bodies in flight. Small bodies and large ones have a share each, so that ordinary appends
 * go on while large uploads use theirs up. A body that is alone in its share is always admitted.
 */
export class UploadBudget {
  private readonly small: Pool;
  private readonly large: Pool;

  constructor(limitBytes: number) {
    const smallBytes = Math.floor(limitBytes * SMALL_SHARE);
    this.small = { limitBytes: smallBytes, bytes: 0 };
    this.large = { limitBytes: limitBytes - smallBytes, bytes: 0 };
  }

  /** Bytes in flight now. */
  load(): { small: number; large: number } {
    return { small: this.small.bytes, large: this.large.bytes };
  }

  /** A slot that takes nothing yet. */
  open(): UploadSlot {
    return new UploadSlot(this.small, this.large);
  }
}
