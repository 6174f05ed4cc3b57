/** Bodies of up to this many bytes are small: they have a share of the budget to themselves, and are parsed at once. */
export const SMALL_BODY_BYTES = 64 * 1024;

/** Part of the budget that only small bodies use. */
const SMALL_SHARE = 1 / 4;

/** Bodies of one class, small or large, that are being received or handled. */
interface Pool {
  limitBytes: number;
  bytes: number;
}

/** The place of one body in the budget, from its first byte to the end of its answer. */
export interface UploadSlot {
  /** Bytes this body takes from now on; false, and nothing changes, if the budget has no space for them. */
  resize(bytes: number): boolean;
  release(): void;
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
    let pool = this.small;
    let taken = 0;
    return {
      resize: (bytes) => {
        const target = bytes > SMALL_BODY_BYTES ? this.large : this.small;
        const others = target.bytes - (target === pool ? taken : 0);
        if (others > 0 && others + bytes > target.limitBytes) return false;
        pool.bytes -= taken;
        target.bytes += bytes;
        pool = target;
        taken = bytes;
        return true;
      },
      release: () => {
        pool.bytes -= taken;
        taken = 0;
      },
    };
  }
}
