import { extname } from 'node:path';
import { workerData } from 'node:worker_threads';
import type { CountProgress, EncodingName, TextCounter as Counter } from './text-counter.js';

/** `workerData` of the thread. */
export interface SliceWorkerData {
  /** The pattern of each encoding; see `piecePattern`. */
  pieces: ReadonlyMap<EncodingName, RegExp>;
}

export interface SliceTask {
  text: string;
  encoding: EncodingName;
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

const { pieces } = workerData as SliceWorkerData;
const counters = new Map<EncodingName, Counter>();

/** Counts one slice of a text, or forgets all of them. */
export default function countSlice(task: SliceTask | 'forget'): CountProgress {
  if (task === 'forget') {
    counters.clear();
    /\s/.test(' '); // V8 keeps the text that a regular expression has matched last
    return { tokens: 0, end: 0 };
  }
  const { text, encoding, isLast } = task;
  const counter = counters.get(encoding) ?? new TextCounter(encoding, pieces.get(encoding) as RegExp);
  counters.set(encoding, counter);
  return counter.count(text, { stop: isLast ? text.length : text.length - LOOKAHEAD_CHARS });
}
