import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectError, violationPaths } from '../support/error-shape.js';
import { jsonFields } from '../support/json-fields.js';
import { TestService } from '../support/test-service.js';

const KIB_64 = 64 * 1024;

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
  await service.http.put('settled', { token_budget: 4000, metadata: { team: 'x' } });
});
afterAll(() => service.stop());

/** Returns the JSON text of `metadata` in a response, exactly as the service sent it. */
const metadataText = ({ text }: { text: string }) =>
  jsonFields(text).find(({ key }) => key === 'metadata')?.value;

/** Returns metadata `{"a":"xx…"}` whose JSON has exactly this many bytes. */
const metadataOf = (bytes: number, letter = 'x') => ({
  a: letter.repeat((bytes - '{"a":""}'.length) / Buffer.byteLength(letter)),
});

describe('token_budget', () => {
  it('is required for a new conversation', async () => {
    for (const body of [
      {},
      { token_budget: null },
      { trigger_ratio: 0.5 },
      { policy: { strategy: 'budget' } },
    ]) {
      const response = await service.http.put('no-budget', body);
      expectError(response, 400);
      expect(violationPaths(response)).toEqual(['token_budget']);
    }
    expectError(await service.http.get('no-budget'), 404);
  });

  it.each([1, 2, 999_999, 1_000_000])('may be %s', async (budget) => {
    expect((await service.http.put(`budget-${budget}`, { token_budget: budget })).body.token_budget).toBe(
      budget,
    );
  });

  it.each([0, -1, 1_000_001, 1.5, 2 ** 53, 1e21, '100', true, [100], {}])(
    'is rejected with 400 when it is %j',
    async (budget) => {
      for (const id of ['budget-bad', 'settled']) {
        const response = await service.http.put(id, { token_budget: budget });
        expectError(response, 400);
        expect(violationPaths(response)).toEqual(['token_budget']);
      }
      expectError(await service.http.get('budget-bad'), 404);
    },
  );

  it('has a configurable maximum', async () => {
    const limited = await TestService.start({
      env: { FASTPACA_MAX_TOKEN_BUDGET: '500' },
      database: service.database,
    });
    try {
      expect((await limited.http.put('ceiling', { token_budget: 500 })).status).toBe(201);
      const response = await limited.http.put('ceiling', { token_budget: 501 });
      expectError(response, 400);
      expect(violationPaths(response)).toEqual(['token_budget']);
      expect((await limited.http.get('ceiling')).body.token_budget).toBe(500);
    } finally {
      await limited.stop();
    }
  });
});

describe('trigger_ratio', () => {
  it.each([1, 0.5, 0.01, 1e-7, 0.1, 0.30000000000000004])('is stored exactly: %s', async (ratio) => {
    const response = await service.http.put(`ratio-${ratio}`, { token_budget: 1, trigger_ratio: ratio });
    expect(response.body.trigger_ratio).toBe(ratio);
  });

  it.each([0, -0.1, 1.0001, 70, '0.5', true, [0.5], {}])(
    'is rejected at the top level, in the policy and in its config when it is %j',
    async (ratio) => {
      for (const [path, body] of [
        ['trigger_ratio', { trigger_ratio: ratio }],
        ['policy.trigger_ratio', { policy: { strategy: 'last_n', trigger_ratio: ratio } }],
        ['policy.config.trigger_ratio', { policy: { strategy: 'last_n', config: { trigger_ratio: ratio } } }],
      ] as const) {
        const response = await service.http.put('ratio-bad', { token_budget: 1, ...body });
        expectError(response, 400);
        expect(violationPaths(response)).toEqual([path]);
      }
      expectError(await service.http.get('ratio-bad'), 404);
    },
  );

  it('is read from the top level, then the policy, then its config', async () => {
    const ratioOf = async (id: string, top?: number | null, inPolicy?: number | null, inConfig?: number) => {
      const response = await service.http.put(id, {
        token_budget: 1,
        trigger_ratio: top,
        policy: { strategy: 'last_n', trigger_ratio: inPolicy, config: { trigger_ratio: inConfig } },
      });
      expect(response.status).toBeLessThan(300);
      return response.body.trigger_ratio;
    };
    expect(await ratioOf('ratio-all', 0.1, 0.2, 0.3)).toBe(0.1);
    expect(await ratioOf('ratio-two', undefined, 0.2, 0.3)).toBe(0.2);
    expect(await ratioOf('ratio-one', undefined, undefined, 0.3)).toBe(0.3);
    expect(await ratioOf('ratio-null', null, null, 0.3)).toBe(0.3);
    expect(await ratioOf('ratio-outer', 0.1, undefined, 0.3)).toBe(0.1);
    expect(await ratioOf('ratio-none')).toBe(0.7);
    // Updates follow the same order; a policy without a ratio keeps the stored one.
    expect(await ratioOf('ratio-all', undefined, undefined, 0.4)).toBe(0.4);
    expect(await ratioOf('ratio-all')).toBe(0.4);
  });
});

describe('policy', () => {
  it.each([
    ['last_n', { limit: 1, trim_to: 1 }],
    ['last_n', { limit: 1_000_000, trim_to: 1, max_tokens: 1 }],
    ['budget', {}],
    ['manual', { max_tokens: 9 }],
    ['strip_tool_results', { limit: 20, trim_to: 10 }],
    ['skip_parts', { limit: 20, kinds: ['image', 'tool*'] }],
    ['time_window', { max_age_seconds: 1 }],
    ['time_window', { max_age_seconds: 3600, min_events: 0 }],
  ])('is accepted and returned unchanged: %s %j', async (strategy, config) => {
    const id = `policy-${strategy}-${JSON.stringify(config)}`;
    const response = await service.http.put(id, { token_budget: 100, policy: { strategy, config } });
    expect(response.status).toBe(201);
    expect(response.body.policy).toEqual({ strategy, config });
    expect((await service.http.window(id)).status).toBe(200);
  });

  it.each([
    ['an unknown strategy', { strategy: 'lats_n' }, 'policy.strategy'],
    ['a strategy named like an inherited object property', { strategy: 'constructor' }, 'policy.strategy'],
    ['a strategy that is a number', { strategy: 7 }, 'policy.strategy'],
    ['no strategy', { config: { limit: 5 } }, 'policy.strategy'],
    ['an unknown field', { strategy: 'last_n', limit: 5 }, 'policy.limit'],
    ['an unknown config field', { strategy: 'last_n', config: { limt: 5 } }, 'policy.config.limt'],
    [
      'a config field of another policy',
      { strategy: 'last_n', config: { max_age_seconds: 5 } },
      'policy.config.max_age_seconds',
    ],
    ['a limit for the budget policy', { strategy: 'budget', config: { limit: 5 } }, 'policy.config.limit'],
    ['no max_age_seconds', { strategy: 'time_window', config: {} }, 'policy.config.max_age_seconds'],
    [
      'no config although max_age_seconds is required',
      { strategy: 'time_window' },
      'policy.config.max_age_seconds',
    ],
    [
      'a null max_age_seconds',
      { strategy: 'time_window', config: { max_age_seconds: null } },
      'policy.config.max_age_seconds',
    ],
    ['a limit as a string', { strategy: 'last_n', config: { limit: '5' } }, 'policy.config.limit'],
    ['a limit as a fraction', { strategy: 'last_n', config: { limit: 1.5 } }, 'policy.config.limit'],
    ['a limit of 0', { strategy: 'last_n', config: { limit: 0 } }, 'policy.config.limit'],
    [
      'a trim_to over the limit',
      { strategy: 'last_n', config: { limit: 5, trim_to: 6 } },
      'policy.config.trim_to',
    ],
    [
      'a trim_to over the default limit',
      { strategy: 'last_n', config: { trim_to: 201 } },
      'policy.config.trim_to',
    ],
    ['a max_tokens of 0', { strategy: 'budget', config: { max_tokens: 0 } }, 'policy.config.max_tokens'],
    ['kinds as a string', { strategy: 'skip_parts', config: { kinds: 'tool' } }, 'policy.config.kinds'],
    ['kinds that are numbers', { strategy: 'skip_parts', config: { kinds: [1] } }, 'policy.config.kinds'],
    ['a config that is a list', { strategy: 'last_n', config: [] }, 'policy.config'],
    ['a config that is a string', { strategy: 'last_n', config: 'limit' }, 'policy.config'],
    ['a string', 'last_n', 'policy'],
    ['a list', ['last_n'], 'policy'],
  ])('is rejected with the path of the field for %s', async (_, policy, path) => {
    const response = await service.http.put('policy-bad', { token_budget: 100, policy });
    expectError(response, 400);
    expect(violationPaths(response)).toEqual([path]);
    expectError(await service.http.get('policy-bad'), 404);
    const before = (await service.http.get('settled')).body;
    expectError(await service.http.put('settled', { token_budget: 9, policy }), 400);
    expect((await service.http.get('settled')).body).toEqual(before);
  });

  it('is rejected when its config has a field named __proto__', async () => {
    const response = await service.http.put(
      'policy-proto',
      '{"token_budget":1,"policy":{"strategy":"last_n","config":{"__proto__":{"limit":1}}}}',
    );
    expectError(response, 400);
    expect(violationPaths(response)).toEqual(['policy.config.__proto__']);
  });
});

describe('metadata', () => {
  it('may have up to 64 KiB of JSON, not counting white space', async () => {
    expect((await service.http.put('size', { token_budget: 1, metadata: metadataOf(KIB_64) })).status).toBe(
      201,
    );
    const spaced = JSON.stringify({ token_budget: 1, metadata: metadataOf(KIB_64) }, undefined, 8);
    expect((await service.http.put('size-spaced', spaced)).status).toBe(201);
    expect((await service.http.get('size-spaced')).body.metadata).toEqual(metadataOf(KIB_64));
  });

  it('is rejected above 64 KiB and leaves the record unchanged', async () => {
    for (const metadata of [
      metadataOf(KIB_64 + 1),
      metadataOf(KIB_64 + 2, 'é'),
      metadataOf(KIB_64 + 4, '😀'),
      { many: Array.from({ length: 40_000 }, () => 0) },
    ]) {
      const response = await service.http.put('size-over', { token_budget: 1, metadata });
      expectError(response, 400);
      expect(violationPaths(response)).toEqual(['metadata']);
      expectError(await service.http.get('size-over'), 404);
    }
    const before = (await service.http.put('size-before', { token_budget: 1, metadata: { a: 1 } })).body;
    expectError(
      await service.http.put('size-before', { token_budget: 2, metadata: metadataOf(KIB_64 + 1) }),
      400,
    );
    expectError(await service.http.put('size-before', { metadata: metadataOf(KIB_64 + 1) }), 400);
    expect((await service.http.get('size-before')).body).toEqual(before);
  });

  it('is limited in bytes, not in characters', async () => {
    const metadata = metadataOf(KIB_64, '😀');
    expect(Buffer.byteLength(JSON.stringify(metadata))).toBe(KIB_64);
    expect((await service.http.put('size-bytes', { token_budget: 1, metadata })).status).toBe(201);
    expect((await service.http.get('size-bytes')).body.metadata).toEqual(metadata);
  });

  it.each([[[]], ['x'], [7], [true], [[{}]]])('is rejected with 400 when it is %j', async (metadata) => {
    const response = await service.http.put('metadata-bad', { token_budget: 1, metadata });
    expectError(response, 400);
    expect(violationPaths(response)).toEqual(['metadata']);
  });

  it('is returned with its key order and number spelling unchanged', async () => {
    const text =
      '{"b":1.0,"10":12345678901234567890,"2":-0,"__proto__":{"x":1e2},"\\u0000":"\\ud800","":[1E+2,{}],"a":null}';
    const created = await service.http.put('verbatim', `{"token_budget":1,"metadata": ${text} }`);
    expect(created.status).toBe(201);
    expect(metadataText(created)).toBe(text);
    expect(metadataText(await service.http.get('verbatim'))).toBe(text);
    expect(metadataText(await service.http.put('verbatim', { token_budget: 2 }))).toBe(text);
  });
});
