import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectError, violationPaths } from '../support/error-shape.js';
import { jsonFields } from '../support/json-fields.js';
import { TestService } from '../support/test-service.js';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const EVENT = { role: 'user', content: 'hello' };
const KIB_64 = 64 * 1024;

let service: TestService;
beforeAll(async () => (service = await TestService.start()));
afterAll(() => service.stop());

/** Returns the JSON text of `metadata` in a response, exactly as the service sent it. */
const metadataText = ({ text }: { text: string }) =>
  jsonFields(text).find(({ key }) => key === 'metadata')?.value;

/** Returns metadata `{"a":"xx…"}` whose JSON has exactly this many bytes. */
const metadataOf = (bytes: number, letter = 'x') => ({
  a: letter.repeat((bytes - '{"a":""}'.length) / Buffer.byteLength(letter)),
});

describe('PATCH /v1/conversations/:id/metadata', () => {
  it('merges shallowly and removes keys set to null', async () => {
    await service.http.put('merge', {
      token_budget: 100,
      metadata: { keep: 1, replace: { a: 1, b: 2 }, gone: true },
    });
    await service.http.say('merge', 'a');
    const before = (await service.http.get('merge')).body;
    const patched = await service.http.patch('merge', {
      added: ['x'],
      replace: { c: null },
      gone: null,
      never: null,
    });
    expect(patched.status).toBe(200);
    expect(patched.body).toEqual({
      ...before,
      metadata: { keep: 1, replace: { c: null }, added: ['x'] },
      updated_at: expect.stringMatching(TIME),
    });
    expect((await service.http.get('merge')).body).toEqual(patched.body);
  });

  it('leaves version and log unchanged', async () => {
    await service.http.put('patch-version');
    await service.http.say('patch-version', 'a');
    const log = (await service.http.events('patch-version')).text;
    expect((await service.http.patch('patch-version', { a: 1 })).body).toMatchObject({
      version: 1,
      last_seq: 1,
    });
    expect((await service.http.events('patch-version')).text).toBe(log);
    expect((await service.http.append('patch-version', { event: EVENT, if_version: 1 })).status).toBe(201);
  });

  it('keeps the JSON spelling of both the patch and the stored metadata', async () => {
    await service.http.put(
      'patch-verbatim',
      '{"token_budget":1,"metadata":{"b":1.0,"2":0.10,"1":12345678901234567890,"gone":1}}',
    );
    const patched = await service.http.request('PATCH', service.http.path('patch-verbatim', '/metadata'), {
      body: '{"metadata":{ "10": 1.0 , "gone":null,"__proto__":{"x":1e2},"2":{"b":-0.0,"a":12345678901234567891} }}',
    });
    expect(patched.status).toBe(200);
    const expected =
      '{"b":1.0,"2":{"b":-0.0,"a":12345678901234567891},"1":12345678901234567890,"10":1.0,"__proto__":{"x":1e2}}';
    expect(metadataText(patched)).toBe(expected);
    expect(metadataText(await service.http.get('patch-verbatim'))).toBe(expected);
  });

  it('removes a key named __proto__ and ignores names of inherited properties', async () => {
    await service.http.put(
      'patch-proto',
      '{"token_budget":1,"metadata":{"__proto__":{"a":1},"constructor":2}}',
    );
    const patched = await service.http.request('PATCH', service.http.path('patch-proto', '/metadata'), {
      body: '{"metadata":{"__proto__":null,"toString":null}}',
    });
    expect(metadataText(patched)).toBe('{"constructor":2}');
  });

  it('rejects a result above 64 KiB and changes nothing', async () => {
    const half = { a: 'x'.repeat(40_000) };
    await service.http.put('patch-size', { token_budget: 1, metadata: half });
    const response = await service.http.patch('patch-size', { b: 'x'.repeat(40_000) });
    expectError(response, 400);
    expect(violationPaths(response)).toEqual(['metadata']);
    expect((await service.http.get('patch-size')).body.metadata).toEqual(half);
    // The limit applies to the result, so removed keys do not count.
    const swapped = await service.http.patch('patch-size', { a: null, b: 'x'.repeat(40_000) });
    expect(swapped.body.metadata).toEqual({ b: 'x'.repeat(40_000) });
    const full = await service.http.patch('patch-size', { b: null, ...metadataOf(KIB_64) });
    expect(full.status).toBe(200);
    expectError(await service.http.patch('patch-size', { b: 1 }), 400);
  });

  it('applies all of 20 concurrent patches of different keys on two nodes', async () => {
    const other = await TestService.start({ database: service.database });
    try {
      for (let round = 0; round < 5; round += 1) {
        const id = `patched-${round}`;
        await service.http.put(id, { token_budget: 1, metadata: { before: true } });
        const responses = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            [service, other][index % 2]!.http.patch(id, { [`key-${index}`]: index }),
          ),
        );
        for (const [index, response] of responses.entries()) {
          expect(response.status).toBe(200);
          expect(response.body.metadata[`key-${index}`]).toBe(index);
        }
        expect((await service.http.get(id)).body.metadata).toEqual({
          before: true,
          ...Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`key-${index}`, index])),
        });
      }
    } finally {
      await other.stop();
    }
  });

  it('loses no write when patches, appends and PUTs are concurrent', async () => {
    await service.http.put('patch-busy');
    await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        [
          () => service.http.patch('patch-busy', { [`key-${index}`]: index }),
          () => service.http.say('patch-busy', `message ${index}`),
          () => service.http.put('patch-busy', { token_budget: 1000 + index }),
        ][index % 3]!(),
      ),
    );
    const { body } = await service.http.get('patch-busy');
    expect(Object.keys(body.metadata)).toHaveLength(10);
    expect(body).toMatchObject({ version: 10, last_seq: 10 });
    expect(body.token_budget).toBeGreaterThanOrEqual(1000);
  });

  it.each([undefined, null, [], 'x', 7, true])('rejects metadata that is %j', async (metadata) => {
    await service.http.put('patch-bad', { token_budget: 1, metadata: { a: 1 } });
    const response = await service.http.patch('patch-bad', metadata);
    expectError(response, 400);
    expect(violationPaths(response)).toEqual(['metadata']);
    expect((await service.http.get('patch-bad')).body.metadata).toEqual({ a: 1 });
  });

  it('returns 404 if the conversation does not exist', async () => {
    expectError(await service.http.patch('absent', { a: 1 }), 404);
  });
});
