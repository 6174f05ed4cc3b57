// Imports no other file of the service: a worker thread loads this file untransformed, see text-slice.worker.ts.
import { createRequire } from 'node:module';
import { get_encoding, Tiktoken, type TiktokenEncoding } from 'tiktoken';

/** An encoding of tiktoken, or the vocabulary that Anthropic has published for Claude. */
export type EncodingName = TiktokenEncoding | 'claude';

/**
 * Longest piece that is encoded as a whole, in bytes of UTF-8. Byte-pair merging is quadratic: a piece of 512 bytes
 * takes 0.25–0.6 µs per byte, as do uncached words of a few letters; a piece of 1024 bytes takes 0.35–0.9 µs, one of
 * 4096 bytes 3 µs. Counts are exactly tiktoken's for every text without longer pieces; a longer piece is counted in
 * chunks of `CHUNK_CHARS`, each of which may add about one token.
 */
export const MAX_PIECE_BYTES = 512;

/**
 * UTF-16 units per chunk of a longer piece. Near the minimum of time per byte: 0.1–0.25 µs for ASCII, 0.2–0.4 µs for
 * CJK.
 */
const CHUNK_CHARS = 128;

/**
 * Upper bound of a repetition in the pattern of the pieces, in code points. Greater than `MAX_PIECE_BYTES`, so that
 * every piece of an endless run is counted in chunks, which is faster: with a bound of 512, 1 MiB of spaces took 0.6
 * s instead of 0.2 s.
 */
export const MAX_RUN_CHARS = 2 * MAX_PIECE_BYTES;

/**
 * The end of a piece depends on at most this many UTF-16 units from its start: two bounded runs of astral code
 * points, and a leading character, a contraction or a look-ahead. If a piece starts further than this from the end of
 * a slice, it ends at the same place as in the whole text.
 */
export const LOOKAHEAD_CHARS = 2 * (2 * MAX_RUN_CHARS + 8);

/**
 * Longest piece whose count is cached, in UTF-16 units. The longest of 340,000 pieces in real conversations had fewer
 * than 25.
 */
const MAX_CACHED_CHARS = 32;

/**
 * Pieces per generation of the cache. Two generations are kept: at most about 4 MB. 100 real conversations have 3,500
 * pieces.
 */
const GENERATION_SIZE = 16_384;

/** Result of a count that may have stopped before the end of the text. */
export interface CountProgress {
  tokens: number;
  /** UTF-16 units counted; always the end of a piece. */
  end: number;
}

export interface CountLimits {
  /** Count only pieces that start before this index, in UTF-16 units; default: the end of the text. */
  stop?: number;
  /** Start no further piece after this many steps. A cached piece is one step, about 0.1 µs; default: no limit. */
  maxSteps?: number;
}

/** Counts texts piece by piece, and caches the counts of short pieces in two generations, as `BoundedCache` does. */
export class TextCounter {
  readonly #encoder: Tiktoken;
  readonly #pieces: RegExp;
  #recent = new Map<string, number>();
  #older = new Map<string, number>();

  /** @param pieces matches every piece of a text, without gaps; global, repetitions bounded by `MAX_RUN_CHARS` */
  constructor(encoding: EncodingName, pieces: RegExp) {
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
      let count = this.#cachedCount(piece);
      if (count === undefined) {
        const bytes = Buffer.byteLength(piece);
        count = bytes > MAX_PIECE_BYTES ? this.#encodeChunks(piece) : this.#encode(piece);
        this.#cache(piece, count);
        steps += 20 + 4 * bytes; // 2 µs for the call and 0.4 µs per byte
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

  #cachedCount(piece: string): number | undefined {
    const count = this.#recent.get(piece);
    if (count !== undefined) return count;
    const older = this.#older.get(piece);
    if (older !== undefined) this.#cache(piece, older);
    return older;
  }

  #cache(piece: string, count: number): void {
    if (piece.length > MAX_CACHED_CHARS) return;
    if (this.#recent.size >= GENERATION_SIZE) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    // A copy: in V8 a slice of 13 or more characters references the whole text and would keep it in memory.
    this.#recent.set(Buffer.from(piece).toString(), count);
  }
}

const encoders = new Map<EncodingName, Tiktoken>();

/** One encoder per thread and encoding, never released: it takes 0.2–0.3 s to load and occupies 10–75 MB. */
function encoderOf(encoding: EncodingName): Tiktoken {
  const encoder = encoders.get(encoding) ?? loadEncoder(encoding);
  encoders.set(encoding, encoder);
  return encoder;
}

function loadEncoder(encoding: EncodingName): Tiktoken {
  if (encoding !== 'claude') return get_encoding(encoding);
  const { bpe_ranks, special_tokens, pat_str } = claudeVocabulary();
  return new Tiktoken(bpe_ranks, special_tokens, pat_str);
}

/** In the form that tiktoken reads. */
interface Vocabulary {
  pat_str: string;
  special_tokens: Record<string, number>;
  bpe_ranks: string;
}

/** The data of @anthropic-ai/tokenizer. Its code is not used: it counts a whole text at once, and loads the vocabulary each time. */
export function claudeVocabulary(): Vocabulary {
  return createRequire(import.meta.url)('@anthropic-ai/tokenizer/claude.json') as Vocabulary;
}
