import { extname } from 'node:path';
import { workerData } from 'node:worker_threads';
import type { TiktokenEncoding } from 'tiktoken';
import type { CountProgress } from './text-counter.js';

/** `workerData` of the thread. */
export interface SliceWorkerData {
  encoding: TiktokenEncoding;
  pieces: RegExp;
}

export interface SliceTask {
  text: string;
  /** Whether this is the last slice of the text. If not, pieces that depend on the next slice are not counted. */
  isLast: boolean;
}

// Node.js loads this file untransformed: the built .js, or under Jest, which does not transform worker threads, the
// .ts itself with its types stripped (Node.js ≥ 22.18). Node.js does not resolve `text-counter.js` to
// `text-counter.ts`, hence the computed name.
const textCounterFile = `./text-counter${extname(import.meta.url)}`;
const { LOOKAHEAD_CHARS, TextCounter } = (await import(
  textCounterFile
)) as typeof import('./text-counter.js');

const { encoding, pieces } = workerData as SliceWorkerData;
const counter = new TextCounter(encoding, pieces);

/** Counts one slice of a text. */
export default function countSlice({ text, isLast }: SliceTask): CountProgress {
  return counter.count(text, { stop: isLast ? text.length : text.length - LOOKAHEAD_CHARS });
}
