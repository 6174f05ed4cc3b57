import { extname } from 'node:path';
import { workerData } from 'node:worker_threads';
import type { TiktokenEncoding } from 'tiktoken';
import type { CountProgress } from './text-counter.js';

/** What the thread is started with. */
export interface SliceWorkerData {
  encoding: TiktokenEncoding;
  pieces: RegExp;
}

export interface SliceTask {
  text: string;
  /** Whether the text ends with this slice; else what the rest may still change is left for the next. */
  last: boolean;
}

// Node runs this file as it stands: the built .js, and under Jest, whose transform does not reach worker threads, the
// .ts itself, its types stripped (Node ≥ 22.18). Node does not look for `text-counter.ts` under the name of
// `text-counter.js`, hence the computed name.
const sibling = `./text-counter${extname(import.meta.url)}`;
const { LOOKAHEAD_CHARS, TextCounter } = (await import(sibling)) as typeof import('./text-counter.js');

const { encoding, pieces } = workerData as SliceWorkerData;
const counter = new TextCounter(encoding, pieces);

/** Counts one slice of a text. */
export default function countSlice({ text, last }: SliceTask): CountProgress {
  return counter.count(text, { stop: last ? text.length : text.length - LOOKAHEAD_CHARS });
}
