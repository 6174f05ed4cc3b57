import { inflateSync, constants } from 'node:zlib';
import type { CooperativeTask } from '../../common/cooperative-task.js';
import type { Base64Bytes } from './base64-bytes.js';

/** Bytes that are decoded and searched at a time: under 1 ms. */
const WINDOW_BYTES = 256 * 1024;

/** Bytes of a window that the next one repeats: the longest description of a page tree that may be cut. */
const OVERLAP_BYTES = 4 * 1024;

/** Limits of what is decompressed, in streams and in bytes of output: some PDFs compress their page tree. */
const MAX_STREAMS = 64;
const MAX_STREAM_BYTES = 128 * 1024;
const MAX_INFLATED_BYTES = 256 * 1024;

/** A PDF whose pages are not found has one page per this many bytes. */
const BYTES_PER_PAGE = 50_000;

/** Most pages that are believed: a page tree may state any number. No provider accepts more. */
const MAX_PAGES = 5000;

/**
 * The number of pages of a PDF: of its page tree, else the number of its page objects, else by its size; at least 1. It does not
 * parse the file: it searches the text of the file, and of compressed objects, for descriptions of page trees and pages.
 */
export function* pdfPages(bytes: Base64Bytes): CooperativeTask<number> {
  const found = { inTree: 0, objects: 0 };
  let streams = MAX_STREAMS;
  for (let at = 0; at < bytes.length; at += WINDOW_BYTES - OVERLAP_BYTES) {
    const window = bytes.read(at, WINDOW_BYTES);
    const isLast = at + WINDOW_BYTES >= bytes.length;
    search(window.toString('latin1'), isLast ? Infinity : WINDOW_BYTES - OVERLAP_BYTES, found);
    yield;
    for (const start of compressedObjects(window)) {
      if (found.inTree > 0 || (streams -= 1) < 0) break;
      search(inflated(bytes.read(at + start, MAX_STREAM_BYTES)), Infinity, found);
      yield;
    }
    if (isLast) break;
  }
  const pages = found.inTree || found.objects || Math.round(bytes.length / BYTES_PER_PAGE);
  return Math.max(1, Math.min(pages, MAX_PAGES));
}

/** A page tree states the number of its pages; the tree with the most is the root. */
const PAGE_TREES = /\/Type\s{0,8}\/Pages\b/g;
const PAGE_OBJECTS = /\/Type\s{0,8}\/Page\b/g;
const LINEARIZED = /\/Linearized\b[^>]{0,200}?\/N\s{1,8}(\d{1,9})/;

/** Page trees of a window whose counts are read: a real one has few, a hostile one thousands. */
const MAX_TREES = 256;

/** @param end page objects that begin here or later are found in the next window */
function search(text: string, end: number, found: { inTree: number; objects: number }): void {
  const linearized = Number(LINEARIZED.exec(text.slice(0, 2048))?.[1] ?? 0);
  found.inTree = Math.max(found.inTree, linearized);
  let trees = MAX_TREES;
  for (const { index } of text.matchAll(PAGE_TREES)) {
    if ((trees -= 1) < 0) break;
    found.inTree = Math.max(found.inTree, pageCount(text, index));
  }
  for (const { index } of text.matchAll(PAGE_OBJECTS)) if (index < end) found.objects += 1;
}

const COUNT = /\/Count\s{0,8}(\d{1,9})/;

/** `/Count` of the page tree whose `/Type` is at an index: behind it, up to the next object, or before it in the same dictionary. */
function pageCount(text: string, index: number): number {
  const behind = text.slice(index + '/Type'.length, index + OVERLAP_BYTES / 2);
  const end = behind.search(/endobj|\/Type/);
  const before = text.slice(Math.max(0, index - OVERLAP_BYTES / 2), index);
  const found =
    COUNT.exec(end === -1 ? behind : behind.slice(0, end)) ??
    COUNT.exec(before.slice(before.lastIndexOf('<<')));
  return Number(found?.[1] ?? 0);
}

/** Offsets of the data of compressed objects. */
function* compressedObjects(window: Buffer): Generator<number> {
  for (let at = window.indexOf('/ObjStm'); at !== -1; at = window.indexOf('/ObjStm', at + 1)) {
    const keyword = window.indexOf('stream', at);
    if (keyword === -1) return;
    const data = keyword + 'stream'.length;
    yield data + (window[data] === 0x0d ? 2 : 1);
  }
}

/** The beginning of compressed text, as far as it can be read; empty if it is damaged. */
function inflated(compressed: Buffer): string {
  try {
    // The input is cut: it has no end.
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_INFLATED_BYTES };
    return inflateSync(compressed, options).toString('latin1');
  } catch {
    return '';
  }
}
