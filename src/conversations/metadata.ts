import type { Violation } from '../common/errors/app-error.js';
import { InvalidPayloadError } from '../common/errors/common.errors.js';
import { compactJson, objectMembers, objectText } from '../common/json/json-scanner.js';

/** Largest metadata of a conversation, as compact JSON in UTF-8. */
const MAX_METADATA_BYTES = 64 * 1024;

/** @throws InvalidPayloadError (400) the metadata is over 64 KiB */
export function compactMetadata(text: string): string {
  const compact = compactJson(text);
  const violations = sizeViolations(compact);
  if (violations.length) throw new InvalidPayloadError(violations);
  return compact;
}

/** Checks the size of metadata, given as compact JSON. */
export function sizeViolations(compact: string): Violation[] {
  const bytes = Buffer.byteLength(compact);
  if (bytes <= MAX_METADATA_BYTES) return [];
  const message = `must be at most ${MAX_METADATA_BYTES} bytes as JSON, but has ${bytes}`;
  return [{ path: 'metadata', message }];
}

/** Merges two JSON objects shallowly: a key of `patch` replaces or adds, `null` removes. */
export function mergeMetadata(metadata: string, patch: string): string {
  const merged = new Map(objectMembers(metadata).map(({ key, value }) => [key, value]));
  for (const { key, value } of objectMembers(compactJson(patch))) {
    if (value === 'null') merged.delete(key);
    else merged.set(key, value);
  }
  return objectText(Array.from(merged, ([key, value]) => ({ key, value })));
}
