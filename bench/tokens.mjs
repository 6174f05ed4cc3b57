// Compares token counting with plain tiktoken on the texts of real conversations, both on one thread. Prints JSON.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import 'reflect-metadata';
import { get_encoding } from 'tiktoken';
import { TiktokenEstimator } from '../dist/src/tokens/tiktoken.estimator.js';
import { median } from './quantile.mjs';

const FILE =
  process.env.AIRLINE_DATA ?? join(import.meta.dirname, '../test/fixtures/airline-conversations.jsonl');
const texts = [];
const collect = (value) => {
  if (typeof value === 'string') texts.push(value);
  else if (value && typeof value === 'object') Object.values(value).forEach(collect);
};
for (const line of (await readFile(FILE, 'utf8')).split('\n').filter(Boolean)) collect(JSON.parse(line));

const plain = get_encoding('o200k_base');
const estimator = new TiktokenEstimator('tiktoken:gpt-4o');
const ratios = [];
let differences = 0;
for (let round = 0; round < 7; round += 1) {
  let at = performance.now();
  const expected = texts.map((text) => plain.encode_ordinary(text).length);
  const plainMs = performance.now() - at;
  at = performance.now();
  const counted = texts.map((text) => estimator.count(text));
  const ownMs = performance.now() - at;
  differences += (await Promise.all(counted)).filter((count, index) => count !== expected[index]).length;
  ratios.push(plainMs / ownMs);
}
console.log(JSON.stringify({ texts: texts.length, timesPlain: median(ratios), differences }));
await estimator.onApplicationShutdown();
