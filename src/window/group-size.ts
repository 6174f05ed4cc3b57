/** A group, or a summary, that a window leaves out. */
export interface GroupSize {
  /** Seq of its last event; of pinned events, the first that is left out. */
  seq: number;
  tokens: number;
}
