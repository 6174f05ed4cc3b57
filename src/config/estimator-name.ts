import { createRequire } from 'node:module';
import type { TiktokenEncoding } from 'tiktoken';

const require = createRequire(import.meta.url);
const MODEL_ENCODINGS = require('tiktoken/model_to_encoding.json') as Record<string, TiktokenEncoding>;
const ENCODINGS = Object.keys(require('tiktoken/registry.json') as Record<TiktokenEncoding, unknown>);

const PREFIX = 'tiktoken:';

/**
 * The encoding of an estimator's name: `tiktoken:` and a model or an encoding, as in `tiktoken:gpt-4o` or
 * `tiktoken:o200k_base`.
 *
 * @throws Error whose message says what the name must be and lists every known encoding and model
 */
export function parseEstimatorName(value: string): TiktokenEncoding {
  const name = value.startsWith(PREFIX) ? value.slice(PREFIX.length) : '';
  if (ENCODINGS.includes(name)) return name as TiktokenEncoding;
  const encoding = Object.hasOwn(MODEL_ENCODINGS, name) ? MODEL_ENCODINGS[name] : undefined;
  if (encoding) return encoding;
  const known = [...new Set([...ENCODINGS, ...Object.keys(MODEL_ENCODINGS)])];
  throw new Error(`must be ${PREFIX}<encoding or model>, one of: ${known.join(', ')}`);
}
