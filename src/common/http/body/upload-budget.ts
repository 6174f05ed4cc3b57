/**
 * Bodies of up to this many bytes are small: a part of the budget is reserved for them, and they are parsed in one
 * step.
 */
export const SMALL_BODY_BYTES = 64 * 1024;

/** Part of the budget that is reserved for small bodies. */
const SMALL_SHARE = 1 / 4;

/** Bodies of one class, small or large, that are in flight. */
interface Pool {
  limitBytes: number;
  usedBytes: number;
}

/**
 * The bytes that one body occupies in the budget, from its first byte until its response is sent. A class, because V8
 * kept every request alive until a full collection when this was a closure per request.
 */
export class UploadReservation {
  private bytes = 0;
  private pool: Pool;
  private releaseListener?: () => void;

  constructor(
    private readonly small: Pool,
    private readonly large: Pool,
  ) {
    this.pool = small;
  }

  /**
   * Sets the size of the reservation. Returns false, and changes nothing, if the budget does not have that many bytes
   * left.
   */
  resize(bytes: number): boolean {
    const target = bytes > SMALL_BODY_BYTES ? this.large : this.small;
    const usedByOthers = target.usedBytes - (target === this.pool ? this.bytes : 0);
    if (usedByOthers > 0 && usedByOthers + bytes > target.limitBytes) return false;
    this.pool.usedBytes -= this.bytes;
    target.usedBytes += bytes;
    this.pool = target;
    this.bytes = bytes;
    return true;
  }

  /** `listener` is called once, by the first `release`. */
  onRelease(listener: () => void): void {
    this.releaseListener = listener;
  }

  /** Returns the bytes to the budget. Further calls do nothing. */
  release(): void {
    this.pool.usedBytes -= this.bytes;
    this.bytes = 0;
    this.releaseListener?.();
    this.releaseListener = undefined;
  }
}

/**
 * Bounds the bytes of request bodies in flight. Small and large bodies have separate parts of the budget, so that
 * ordinary appends are still admitted while large uploads exhaust theirs. A body that is alone in its part is always
 * admitted.
 */
export class UploadBudget {
  private readonly small: Pool;
  private readonly large: Pool;

  constructor(limitBytes: number) {
    const smallBytes = Math.floor(limitBytes * SMALL_SHARE);
    this.small = { limitBytes: smallBytes, usedBytes: 0 };
    this.large = { limitBytes: limitBytes - smallBytes, usedBytes: 0 };
  }

  /** Bytes in flight. */
  load(): { small: number; large: number } {
    return { small: this.small.usedBytes, large: this.large.usedBytes };
  }

  /** A reservation of 0 bytes; `resize` admits a body. */
  reserve(): UploadReservation {
    return new UploadReservation(this.small, this.large);
  }
}
