// Imports nothing of ours: a worker thread loads this file as it stands, see text-slice.worker.ts.
import { get_encoding, type Tiktoken, type TiktokenEncoding } from 'tiktoken';

/**
 * Bytes of UTF-8 up to which a piece is counted as a whole. Byte-pair merging is quadratic: 512 bytes cost 0.25–0.6 µs
 * a byte, no more than unseen words of a few letters (0.25–0.6), 1024 bytes 0.35–0.9, 4096 bytes 3.
 * Counts are tiktoken's own for every text whose longest piece is within this; a longer piece is counted in chunks of
 * `CHUNK_CHARS`, each of which may add a token or so.
 */
export const MAX_PIECE_BYTES = 512;

/** UTF-16 units per chunk of a longer piece: near the lowest price a byte, 0.1–0.25 µs for ASCII, 0.2–0.4 for CJK. */
const CHUNK_CHARS = 128;

/**
 * Code points per run in the pattern of the pieces. More than `MAX_PIECE_BYTES`, so that every stretch of an endless run
 * is a longer piece and costs what its chunks cost: stretches of 512 made 1 MiB of spaces take 0.6 s instead of 0.2.
 */
export const MAX_RUN_CHARS = 2 * MAX_PIECE_BYTES;

/**
 * UTF-16 units that decide where a piece ends, from its start: two bounded runs of astral code points, and a leading
 * character, a contraction or a look-ahead. A piece that starts further from the end than this ends where it would
 * if the text went on.
 */
export const LOOKAHEAD_CHARS = 2 * (2 * MAX_RUN_CHARS + 8);

/** UTF-16 units of the longest piece worth remembering; the longest of 340,000 in real conversations had under 25. */
const MAX_REMEMBERED_CHARS = 32;

/** Pieces per generation, two of which are kept: some 4 MB at most. 100 real conversations use 3,500 pieces. */
const GENERATION_SIZE = 16_384;

/** How far a count came. */
export interface CountProgress {
  tokens: number;
  /** UTF-16 units counted; between two pieces. */
  end: number;
}

export interface CountLimits {
  /** Count no piece that starts here or later, in UTF-16 units; default: the end of the text. */
  stop?: number;
  /** Start no piece after this much work: a step is a remembered piece, about 0.1 µs; default: no limit. */
  maxSteps?: number;
}

/** Counts texts piece by piece and remembers the counts of short pieces, least recently used forgotten first. */
export class TextCounter {
  readonly #encoder: Tiktoken;
  readonly #pieces: RegExp;
  #recent = new Map<string, number>();
  #older = new Map<string, number>();

  /** @param pieces splits a text without leaving anything out; global, runs bounded by `MAX_RUN_CHARS` */
  constructor(encoding: TiktokenEncoding, pieces: RegExp) {
    this.#encoder = encoderOf(encoding);
    this.#pieces = pieces;
  }

  /** Counts from the start of `text` until it ends or a limit is reached. */
  count(text: string, { stop = text.length, maxSteps = Infinity }: CountLimits = {}): CountProgress {
    const pieces = this.#pieces;
    pieces.lastIndex = 0;
    let tokens = 0;
    let end = 0;
    for (let steps = 0; end < stop && steps < maxSteps && pieces.test(text); steps += 1) {
      const piece = text.slice(end, pieces.lastIndex);
      end = pieces.lastIndex;
      let count = this.#recall(piece);
      if (count === undefined) {
        const bytes = Buffer.byteLength(piece);
        count = bytes > MAX_PIECE_BYTES ? this.#encodeChunks(piece) : this.#encode(piece);
        this.#remember(piece, count);
        steps += 20 + 4 * bytes; // 2 µs for the call and 0.4 µs a byte
      }
      tokens += count;
    }
    return { tokens, end };
  }

  #encode(piece: string): number {
    return this.#encoder.encode_ordinary(piece).length;
  }

  #encodeChunks(piece: string): number {
    let tokens = 0;
    for (let start = 0; start < piece.length;) {
      let end = start + CHUNK_CHARS;
      if ((piece.codePointAt(end - 1) ?? 0) > 0xffff) end += 1; // the other half of a surrogate pair
      tokens += this.#encode(piece.slice(start, end));
      start = end;
    }
    return tokens;
  }

  #recall(piece: string): number | undefined {
    const count = this.#recent.get(piece);
    if (count !== undefined) return count;
    const older = this.#older.get(piece);
    if (older !== undefined) this.#remember(piece, older);
    return older;
  }

  #remember(piece: string, count: number): void {
    if (piece.length > MAX_REMEMBERED_CHARS) return;
    if (this.#recent.size >= GENERATION_SIZE) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    // A copy: V8 makes a slice of 13 characters or more a view, which would keep its whole text in memory.
    this.#recent.set(Buffer.from(piece).toString(), count);
  }
}

const encoders = new Map<TiktokenEncoding, Tiktoken>();

/** One encoder per thread and encoding, for the life of the thread: it takes 0.2 s to load and 75 MB to keep. */
function encoderOf(encoding: TiktokenEncoding): Tiktoken {
  const encoder = encoders.get(encoding) ?? get_encoding(encoding);
  encoders.set(encoding, encoder);
  return encoder;
}
