import { expect } from '@jest/globals';
import { expectError, violationPaths } from './error-shape.js';
import type { HttpClient } from './http-client.js';

let conversations = 0;

/** Asserts that a new conversation rejects the append with violations at these paths, and remains unchanged. */
export async function expectRejectedAppend(
  http: HttpClient,
  body: unknown,
  paths: string[],
  headers?: Record<string, string>,
): Promise<void> {
  const id = `rejected-${(conversations += 1)}`;
  await http.put(id);
  const response = await http.append(id, body, headers);
  expectError(response, 400);
  expect(violationPaths(response)).toEqual(paths);
  expect((await http.get(id)).body).toMatchObject({ version: 0, last_seq: 0 });
}
