import { describe, expect, it } from '@jest/globals';
import type { FromSchema, JsonSchema } from './json-schema.js';
import { SchemaValidator } from './schema-validator.js';

const ORDER = {
  type: 'object',
  required: ['state', 'count'],
  properties: {
    state: { type: 'string', enum: ['open', 'closed'] },
    count: { type: 'integer', minimum: 1, maximum: 9 },
    note: { type: ['string', 'array'], minItems: 1, items: { type: 'object' } },
    urgent: { type: 'boolean' },
    extra: { type: 'object', additionalProperties: true },
    lines: {
      type: 'array',
      minItems: 1,
      items: { type: 'object', required: ['sku'], properties: { sku: { type: 'string' } } },
    },
  },
} as const satisfies JsonSchema;

const GOOD = { state: 'open', count: 1 };
const order = new SchemaValidator(ORDER, { fieldItemNames: { note: 'lines' } });
const violations = (value: unknown) =>
  Array.from(order.violations(value, 'order'), ({ path, message }) => `${path} ${message}`);

describe('SchemaValidator', () => {
  it.each([
    GOOD,
    { ...GOOD, note: null, urgent: null, extra: null, lines: null },
    { ...GOOD, note: [{}] },
    { ...GOOD, note: '', urgent: false, extra: { any: 1 }, lines: [{ sku: 'a', any: 1 }], any: 1 },
  ])('accepts %j', (value) => expect(violations(value)).toEqual([]));

  it.each([null, [], 'x', 7])('rejects %j, which is not an object', (value) =>
    expect(violations(value)).toEqual(['order must be an object']),
  );

  it.each([{}, { state: null, count: null }])(
    'reports missing required fields with their expected values: %j',
    (value) =>
      expect(violations(value)).toEqual([
        'order.state must be one of open, closed',
        'order.count must be an integer from 1 to 9',
      ]),
  );

  it('reports every invalid field once, and list items last', () => {
    const lines = [{ sku: 'a' }, { sku: null }, null, {}];
    expect(violations({ state: 7, lines, count: -0.5, note: [], urgent: 'yes', extra: [] })).toEqual([
      'order.state must be one of open, closed',
      'order.count must be an integer from 1 to 9',
      'order.note must be a string or a list of 1 or more lines',
      'order.urgent must be a boolean',
      'order.extra must be an object',
      'order.lines[1].sku must be a string',
      'order.lines[2] must be an object',
      'order.lines[3].sku must be a string',
    ]);
  });

  it.each([[[]], [{}], [{ length: 1, 0: { sku: 'a' } }]])('rejects %j as a list', (lines) =>
    expect(violations({ ...GOOD, lines })).toEqual(['order.lines must be a list of 1 or more lines']),
  );

  it.each([
    [{ type: 'array' }, 'must be a list of items'],
    [{ type: 'array', maxItems: 5 }, 'must be a list of at most 5 items'],
    [{ type: 'array', minItems: 2, maxItems: 5 }, 'must be a list of 2 to 5 items'],
    [{ type: 'integer' }, 'must be an integer'],
    [{ type: 'integer', minimum: 0 }, 'must be an integer of at least 0'],
    [{ type: 'integer', maximum: 0 }, 'must be an integer of at most 0'],
  ] as const)('describes the value that %j expects', (schema, message) =>
    expect([...new SchemaValidator(schema).violations('x', 'field')]).toEqual([{ path: 'field', message }]),
  );

  it('does not validate the items of a list with the wrong size', () => {
    const pair = new SchemaValidator({ type: 'array', maxItems: 2, items: ORDER }, { itemName: 'orders' });
    expect(Array.from(pair.violations([GOOD, {}], 'pair'), ({ path }) => path)).toEqual([
      'pair[1].state',
      'pair[1].count',
    ]);
    expect([...pair.violations([1, 2, 3], 'pair')]).toEqual([
      { path: 'pair', message: 'must be a list of at most 2 orders' },
    ]);
  });

  it('reports violations in nested lists', () => {
    const batch = new SchemaValidator({
      type: 'object',
      properties: { orders: { type: 'array', items: ORDER } },
    });
    const paths = (orders: unknown[]) => Array.from(batch.violations({ orders }, 'b'), ({ path }) => path);
    expect(paths([{ ...GOOD, lines: [{ sku: 'a' }] }])).toEqual([]);
    expect(paths([GOOD, { ...GOOD, lines: [{ sku: 'a' }, {}] }])).toEqual(['b.orders[1].lines[1].sku']);
  });

  it('stops reading items when the caller stops iterating', () => {
    let reads = 0;
    const lines = new Proxy(
      Array.from({ length: 1000 }, () => 1),
      {
        get: (list, key) => {
          if (typeof key === 'string' && /^\d+$/.test(key)) reads += 1;
          return Reflect.get(list, key) as unknown;
        },
      },
    );
    const found = order.violations({ ...GOOD, lines }, 'order');
    for (let taken = 0; taken < 3; taken += 1) expect(found.next().done).toBe(false);
    expect(reads).toBeLessThan(10);
  });
});

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- TypeScript compares the deferred conditional types
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

describe('FromSchema', () => {
  it('derives the type of the values that a schema accepts', () => {
    type Order = FromSchema<typeof ORDER>;
    // Compiles only if each pair of types is the same.
    const same: [
      Same<Order['state'], 'open' | 'closed'>,
      Same<Order['count'], number>,
      Same<Order['note'], string | unknown[] | null | undefined>,
      Same<Order['urgent'], boolean | null | undefined>,
      Same<NonNullable<Order['lines']>[number]['sku'], string>,
      Same<NonNullable<Order['extra']>['any'], unknown>,
    ] = [true, true, true, true, true, true];
    const complete: Order = { state: 'open', count: 1 };
    // @ts-expect-error -- `count` is required
    const incomplete: Order = { state: 'open' };
    expect([...same, complete.state, incomplete.state]).not.toContain(false);
  });
});
