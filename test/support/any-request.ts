import fc from 'fast-check';

/** An HTTP request with an arbitrary, possibly invalid body. */
export interface AnyRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
}

/** Ids of the conversations that requests address. `absent` does not exist, and `dead` is tombstoned. */
export const TARGETS = [
  ...Array.from({ length: 20 }, (_, index) => `c${index}`),
  'user:42/chat é',
  '😀',
  'absent',
  'dead',
];

const EVENT = {
  role: 'assistant',
  parts: [
    { type: 'text', text: 'let me see' },
    { type: 'tool_call', name: 'search', input: { q: ['x', 1.5, null] } },
  ],
  metadata: { model: 'm', nested: { a: [1] } },
  id: 'e-1',
};

/** Valid requests, with the relative frequency of each. */
const VALID_REQUESTS: {
  weight: number;
  method: string;
  rest: string;
  query?: Record<string, string>;
  body?: unknown;
}[] = [
  {
    weight: 3,
    method: 'PUT',
    rest: '',
    body: {
      token_budget: 1000,
      trigger_ratio: 0.5,
      metadata: { team: 'x', tags: ['a'] },
      policy: { strategy: 'last_n', config: { limit: 10, trim_to: 5, max_tokens: 500, trigger_ratio: 0.9 } },
    },
  },
  { weight: 1, method: 'PUT', rest: '', body: { token_budget: 50, policy: { strategy: 'budget' } } },
  {
    weight: 1,
    method: 'PUT',
    rest: '',
    body: { policy: { strategy: 'time_window', config: { max_age_seconds: 60, min_events: 2 } } },
  },
  {
    weight: 1,
    method: 'PUT',
    rest: '',
    body: { policy: { strategy: 'skip_parts', config: { kinds: ['reasoning'], limit: 3 } } },
  },
  { weight: 1, method: 'PUT', rest: '', body: { policy: { strategy: 'strip_tool_results', config: {} } } },
  { weight: 1, method: 'GET', rest: '' },
  { weight: 1, method: 'DELETE', rest: '/nothing' },
  {
    weight: 2,
    method: 'PATCH',
    rest: '/metadata',
    body: { metadata: { team: 'y', old: null, deep: { a: 1 } } },
  },
  {
    weight: 6,
    method: 'POST',
    rest: '/events',
    body: { event: { ...EVENT, token_count: 12 }, idempotency_key: 'key-1', if_version: 0 },
  },
  { weight: 3, method: 'POST', rest: '/events', body: { event: { role: 'user', content: 'hello' } } },
  {
    weight: 4,
    method: 'POST',
    rest: '/events',
    body: {
      events: [
        EVENT,
        { role: 'tool', parts: [{ type: 'tool_result', output: 'found' }] },
        { role: 'user', content: 'more' },
      ],
      idempotency_key: 'turn-1',
    },
  },
  {
    weight: 3,
    method: 'POST',
    rest: '/events',
    body: {
      events: [
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: 'search', arguments: '{"q":"x"}' } },
            { id: 'call_2', type: 'custom', custom: { name: 'run', input: 'ls' } },
          ],
        },
        { role: 'tool', tool_call_id: 'call_1', content: 'found' },
        { role: 'tool', tool_call_id: 'call_2', content: [{ type: 'text', text: 'README.md' }] },
        { role: 'user', name: 'alice', content: [{ type: 'image_url', image_url: { url: 'data:,' } }] },
      ],
    },
  },
  { weight: 2, method: 'GET', rest: '/events', query: { from_seq: '-5', to_seq: '9', limit: '3' } },
  { weight: 2, method: 'GET', rest: '/events', query: { cursor: '1', limit: '2' } },
  { weight: 2, method: 'GET', rest: '/events', query: { withdrawn: 'exclude', limit: '3' } },
  { weight: 2, method: 'POST', rest: '/withdraw', body: { from_seq: 2, to_seq: 3, if_version: 4 } },
  { weight: 3, method: 'GET', rest: '/window', query: { budget_tokens: '40', if_version: '3' } },
  { weight: 2, method: 'GET', rest: '/window', query: { format: 'openai-chat' } },
  { weight: 2, method: 'GET', rest: '/window', query: { format: 'gemini', budget_tokens: '60' } },
  { weight: 2, method: 'GET', rest: '/window', query: { at_version: '2', format: 'anthropic' } },
  {
    weight: 4,
    method: 'POST',
    rest: '/window/preview',
    query: { budget_tokens: '60' },
    body: {
      token_budget: 100,
      policy: { strategy: 'last_n', config: { limit: 3 } },
      compaction: { from_seq: 1, to_seq: 2, replacement: [EVENT], snap: true },
    },
  },
  {
    weight: 4,
    method: 'POST',
    rest: '/compact',
    body: {
      from_seq: 1,
      to_seq: 2,
      replacement: [{ role: 'system', content: 'summary' }, EVENT],
      if_version: 3,
      snap: true,
    },
  },
];

/** Values of unexpected types and sizes. A value with `@raw:` is inserted into the JSON text without quotes. */
const UNEXPECTED_VALUES: unknown[] = [
  null, true, 0, -1, 1, 1.5, 100, 2 ** 31, 2 ** 53, 2 ** 53 - 1, -(2 ** 53) + 1, 1e21, 1e308, 5e-324,
  '', ' ', '0', '-1', 'x'.repeat(256), 'x'.repeat(5000), '\u0000', 'a\u0000b', '\ud800', '\udfff\ud800', '😀'.repeat(200),
  'é', 'e\u0301', '\u202e', '<|endoftext|>', '__proto__', 'constructor', '%s%n', "'; DROP TABLE x; --", '{"a":1}', '\\',
  'text', 'tool_result', 'tool', 'system', 'budget', 'time_window',
  [], {}, [null], [[]], [{}], { type: 'text' }, { type: 'text', text: 7 }, { length: 3 }, { toString: 1 }, { then: 1 },
  { toJSON: 1, valueOf: null }, { seq: 1, version: 2, token_estimate: 3, inserted_at: 'x' },
  '@raw:1e999', '@raw:-0', '@raw:1.0', '@raw:12345678901234567890', '@raw:1E+2', '@raw:"\\ud800"', '@raw:"\\u0000"',
  '@raw:"\\u0061"', '@raw:NaN', '@raw:01', '@raw:', '@raw:,', '@raw:{"a":1,"a":2}', '@raw:{"__proto__":{"x":1}}',
  `@raw:${'['.repeat(150)}${']'.repeat(150)}`, `@raw:${'{"a":'.repeat(150)}1${'}'.repeat(150)}`, `@raw:${'['.repeat(300)}`,
]; // prettier-ignore

const UNEXPECTED_NUMBERS = [
  ...UNEXPECTED_VALUES.filter((value) => typeof value === 'number'),
  '@raw:1e999',
  '@raw:-0',
  '@raw:1.0',
];

const anyUnexpectedValue = fc.oneof(
  { arbitrary: fc.constantFrom(...UNEXPECTED_VALUES), weight: 4 },
  { arbitrary: fc.jsonValue({ maxDepth: 3 }), weight: 1 },
  { arbitrary: fc.string({ unit: 'binary', maxLength: 20 }), weight: 1 },
);

interface Mutation {
  op: 'replace' | 'remove' | 'rename' | 'add' | 'wrap' | 'repeat';
  at: number;
  value: unknown;
}

const anyMutation: fc.Arbitrary<Mutation> = fc.record({
  op: fc.constantFrom('replace', 'replace', 'remove', 'rename', 'add', 'wrap', 'repeat'),
  at: fc.nat(10_000),
  value: anyUnexpectedValue,
});

/** Changes one member of the value, at any depth. `at` selects the member. */
function mutate(root: unknown, { op, at, value }: Mutation): unknown {
  const holder = { root: structuredClone(root) };
  const members: [parent: any, key: string][] = [];
  const visit = (parent: any) => {
    for (const key of Object.keys(parent as object)) {
      members.push([parent, key]);
      const child = parent[key];
      if (typeof child === 'object' && child !== null) visit(child);
    }
  };
  visit(holder);
  // Numbers are rare and find the most bugs, so a third of the mutations change a number.
  const numbers = members.filter(([parent, key]) => typeof parent[key] === 'number');
  const candidates = at % 3 === 0 && numbers.length ? numbers : members;
  const [parent, key] = candidates[at % candidates.length]!;
  const child = parent[key];
  if (op === 'replace') {
    // Mostly replaces a number with another number, because a value of another type is rejected immediately.
    const number = UNEXPECTED_NUMBERS[at % (UNEXPECTED_NUMBERS.length * 2)];
    parent[key] = typeof child === 'number' ? (number ?? value) : value;
  } else if (op === 'remove' && parent !== holder) {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else Reflect.deleteProperty(parent as object, key);
  } else if (op === 'rename' && parent !== holder && !Array.isArray(parent)) {
    Reflect.deleteProperty(parent as object, key);
    const name = typeof value === 'string' ? value : `extra${at}`;
    Object.defineProperty(parent, name, { value: child, enumerable: true, configurable: true });
  } else if (op === 'add' && typeof child === 'object' && child !== null) {
    if (Array.isArray(child)) child.push(value);
    else child[`extra${at}`] = value;
  } else if (op === 'wrap') parent[key] = [child];
  else if (op === 'repeat') parent[key] = Array.from({ length: at % 120 }, () => child);
  return holder.root;
}

function toText(value: unknown): string {
  return JSON.stringify(value).replace(
    /"@raw:((?:[^"\\]|\\.)*)"/g,
    (_, raw: string) => JSON.parse(`"${raw}"`) as string,
  );
}

interface Damage {
  at: number;
  length: number;
  by: Uint8Array;
}

/** Removes, overwrites or inserts some bytes. */
function damage(bytes: Buffer, { at, length, by }: Damage): Buffer {
  const start = at % (bytes.length + 1);
  return Buffer.concat([
    bytes.subarray(0, start),
    by,
    bytes.subarray(Math.min(bytes.length, start + length)),
  ]);
}

const anyDamage: fc.Arbitrary<Damage> = fc.record({
  at: fc.nat(5000),
  length: fc.nat(30),
  by: fc.uint8Array({ maxLength: 8 }),
});
/** Generates a value once in `times`, otherwise undefined. */
const sometimes = <T>(arbitrary: fc.Arbitrary<T>, times: number): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: times - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const anyHeaders = fc.dictionary(
  fc.constantFrom(
    'content-type',
    'content-encoding',
    'idempotency-key',
    'x-request-id',
    'authorization',
    'accept',
    'if-match',
    'expect',
    'range',
    'origin',
  ),
  fc.oneof(
    fc.constantFrom(
      'application/json',
      'text/plain',
      'gzip',
      'key-1',
      'Bearer x',
      'a, b',
      '100-continue',
      'bytes=0-1',
      '*',
    ),
    fc.string({
      unit: fc
        .integer({ min: 0x20, max: 0xff })
        .filter((code) => code !== 0x7f)
        .map((code) => String.fromCharCode(code)),
      maxLength: 300,
    }),
  ),
  { maxKeys: 3 },
);

const anyQuery = fc.array(
  fc.tuple(
    fc.constantFrom(
      'limit',
      'cursor',
      'from_seq',
      'to_seq',
      'withdrawn',
      'budget_tokens',
      'if_version',
      'format',
      'x',
      '__proto__',
      'a[b]',
      '',
    ),
    fc.oneof(
      fc.integer().map(String),
      fc.constantFrom(
        '',
        '-0',
        '00',
        '1.0',
        '9007199254740991',
        '9007199254740993',
        '-9007199254740991',
        '1e3',
        'null',
        '%00',
        '%',
        'anthropic',
      ),
      fc.string({ maxLength: 10 }),
    ),
  ),
  { maxLength: 4 },
);

/** A valid request with a few random changes. */
export const anyMutatedRequest: fc.Arbitrary<AnyRequest> = fc
  .record({
    valid: fc.oneof(
      ...VALID_REQUESTS.map(({ weight, ...valid }) => ({ weight, arbitrary: fc.constant(valid) })),
    ),
    id: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...TARGETS).map(encodeURIComponent) },
      {
        weight: 1,
        arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 300 }).map((id) => encodeURIComponent(id)),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          '%00',
          '%ff',
          '%',
          '..',
          '%2e%2e',
          '',
          'x'.repeat(256),
          '%F0%9F%98%80'.repeat(255),
        ),
      },
    ),
    method: sometimes(
      fc.constantFrom('GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE'),
      12,
    ),
    query: sometimes(anyQuery, 4),
    mutations: fc.array(anyMutation, { maxLength: 3 }),
    damages: fc.oneof(
      { weight: 9, arbitrary: fc.constant<Damage[]>([]) },
      { weight: 1, arbitrary: fc.array(anyDamage, { maxLength: 2 }) },
    ),
    headers: fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: anyHeaders }),
  })
  .map(({ valid, id, method, query, mutations, damages, headers }) => {
    const pairs = query ?? Object.entries(valid.query ?? {});
    const search = pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURI(value)}`).join('&');
    const mutated =
      valid.body === undefined
        ? undefined
        : Buffer.from(toText(mutations.reduce(mutate, valid.body) ?? null));
    const body = mutated && damages.reduce(damage, mutated);
    return {
      method: method ?? valid.method,
      path: `/v1/conversations/${id}${valid.rest}${search && '?'}${search}`,
      headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
      body,
    };
  });

/** A route with an arbitrary body. */
export const anyRandomRequest: fc.Arbitrary<AnyRequest> = fc
  .record({
    valid: fc.constantFrom(...VALID_REQUESTS.filter(({ body }) => body)),
    id: fc.constantFrom(...TARGETS).map(encodeURIComponent),
    body: fc.oneof(
      fc.json({ maxDepth: 5 }).map((text) => Buffer.from(text)),
      fc.object({ maxDepth: 3 }).map((value) => Buffer.from(JSON.stringify(value))),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    ),
  })
  .map(({ valid, id, body }) => ({
    method: valid.method,
    path: `/v1/conversations/${id}${valid.rest}`,
    headers: { 'content-type': 'application/json' },
    body,
  }));

/** The bytes of a valid request, some of them changed. The result is often not valid HTTP. */
export const anyDamagedBytes: fc.Arbitrary<Buffer> = fc
  .record({
    valid: fc.constantFrom(...VALID_REQUESTS),
    damages: fc.array(anyDamage, { minLength: 1, maxLength: 3 }),
  })
  .map(({ valid, damages }) => {
    const body = valid.body === undefined ? '' : JSON.stringify(valid.body);
    const head =
      `${valid.method} /v1/conversations/c0${valid.rest} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n` +
      (body && `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`);
    return damages.reduce(damage, Buffer.from(`${head}\r\n${body}`));
  });
