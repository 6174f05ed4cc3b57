import fc from 'fast-check';
import type { JsonField } from './json-fields.js';

/** Fields that only the server sets. The server ignores values that a caller sends. */
export const SERVER_FIELDS = ['seq', 'version', 'token_estimate', 'inserted_at'];
const KNOWN = ['role', 'parts', 'content', 'tool_calls', 'id', 'metadata', 'token_count'];

/** Marks the positions where a JSON text may have white space. This character never occurs in JSON text. */
const MARK = '\u0001';

/** An event with a certain spelling of its JSON text. */
export interface AnyEvent {
  /** The JSON text with white space. `variant` selects the white space at each mark. */
  text(variant: number): string;
  /** The fields that the service must return besides its own fields: in order, with the spelling of each value. */
  fields: JsonField[];
}

/** Replaces the marks with white space. */
export function spaced(text: string, variant: number): string {
  let at = variant;
  return text.replaceAll(MARK, () => ['', '', ' ', '\n', '\t\r\n  '][(at += 7) % 5]!);
}

/** Removes the marks: the text has no white space between JSON tokens. */
export function compact(text: string): string {
  return text.replaceAll(MARK, '');
}

const digits = (maxLength: number) =>
  fc.array(fc.nat(9), { minLength: 1, maxLength }).map((each) => each.join(''));

const number = fc.oneof(
  fc.constantFrom(
    '0',
    '-0',
    '-0.0',
    '1.0',
    '1.00e0',
    '1E+2',
    '1e-7',
    '0.10',
    '12345678901234567890',
    '1e999',
    '5e-324',
  ),
  fc
    .tuple(
      fc.constantFrom('', '-'),
      fc.oneof(
        fc.constant('0'),
        digits(25).map((each) => `7${each}`),
      ),
      fc.option(digits(25)),
      fc.option(fc.tuple(fc.constantFrom('e', 'E', 'e+', 'E-'), digits(3))),
    )
    .map(([sign, whole, fraction, exponent]) =>
      [sign, whole, fraction === null ? '' : `.${fraction}`, exponent?.join('') ?? ''].join(''),
    ),
);

/** A string whose characters are literal or escaped, including lone surrogates. */
const string = fc
  .array(
    fc.oneof(
      fc.constantFrom('a', 'b', ' ', 'é', '😀', '{', '}', '[', ']', ',', ':', '#', '/', '-', '1'),
      fc.constantFrom(
        '\\"',
        '\\\\',
        '\\/',
        '\\b',
        '\\f',
        '\\n',
        '\\r',
        '\\t',
        '\\u0000',
        '\\u0001',
        '\\u0022',
        '\\u005c',
      ),
      fc.constantFrom(
        '\\ud800',
        '\\uDFFF',
        '\\udc00\\ud800',
        '\\ud83d\\ude00',
        '\\u00E9',
        'e\u0301',
        '\u2028',
        '\ufeff',
      ),
      fc.constantFrom('<|endoftext|>', '</script>', '\uffff', '\u007f', '\u202e', '__proto__'),
      fc
        .integer({ min: 0x23, max: 0x10ffff })
        .map((point) =>
          point === 0x5c || (point >= 0xd800 && point <= 0xdfff)
            ? `\\u${point.toString(16).padStart(4, '0')}`
            : String.fromCodePoint(point),
        ),
    ),
    { maxLength: 12 },
  )
  .map((units) => `"${units.join('')}"`);

/** Keys, including those that JavaScript objects would reorder, merge or lose. */
const key = fc.oneof(
  string,
  fc.constantFrom(
    '"b"',
    '"a"',
    '"10"',
    '"9"',
    '"1"',
    '"0"',
    '"-1"',
    '"01"',
    '"1.0"',
    '"4294967294"',
    '"\\u0031"',
    '"\\u0061"',
  ),
  fc.constantFrom(
    '"__proto__"',
    '"constructor"',
    '"toJSON"',
    '"then"',
    '"length"',
    '""',
    '"#"',
    '"__pr\\u006fto__"',
  ),
);

const { value, object } = fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('null', 'true', 'false', '{}', '[]'),
    number,
    string,
    tie('list'),
    tie('object'),
  ),
  list: fc.array(tie('value'), { maxLength: 5 }).map((items) => textOf('[]', items)),
  object: fc.array(fc.tuple(key, tie('value')), { maxLength: 7 }).map(objectOf),
}));

/** The text of an object with marks for white space. It may have duplicate keys. */
export const anyObject: fc.Arbitrary<string> = object;

/** A part: a type among arbitrary fields. An earlier duplicate of the type may have any value. */
const part = fc
  .tuple(
    fc.array(fc.tuple(fieldNameExcept('type'), value), { maxLength: 4 }),
    fc.oneof(fc.constantFrom('"text"', '"tool_call"', '"te\\u0078t"'), string),
    fc.option(value, { freq: 4 }),
    fc.nat(),
    fc.constantFrom('"type"', '"ty\\u0070e"'),
  )
  .map(([others, type, before, position, name]) => {
    const members: [string, string][] = [...others];
    members.splice(position % (members.length + 1), 0, [name, type]);
    return objectOf(before === null ? members : [['"type"', before], ...members]);
  });

const parts = fc.array(part, { minLength: 1, maxLength: 4 }).map((items) => textOf('[]', items));
const toolCalls = fc.array(value, { minLength: 1, maxLength: 3 }).map((items) => textOf('[]', items));

/** The members of an event that hold its content. */
const body: fc.Arbitrary<[string, string][]> = fc.oneof(
  { arbitrary: parts.map((list): [string, string][] => [['"parts"', list]]), weight: 4 },
  {
    arbitrary: fc
      .tuple(fc.oneof(string, parts), fc.option(toolCalls))
      .map(([content, calls]): [string, string][] => [
        ['"content"', content],
        ...(calls === null ? [] : ([['"tool_calls"', calls]] as [string, string][])),
      ]),
    weight: 2,
  },
  {
    arbitrary: fc
      .tuple(
        toolCalls,
        fc.constantFrom<[string, string][]>(
          [],
          [['"content"', 'null']],
          [['"c\\u006fntent"', '[]']],
          [['"parts"', '[]']],
        ),
      )
      .map(([calls, content]): [string, string][] => [['"tool_calls"', calls], ...content]),
    weight: 1,
  },
);

/** Any event that the service accepts. */
export const anyEvent: fc.Arbitrary<AnyEvent> = fc
  .record({
    role: fc.constantFrom('"system"', '"developer"', '"user"', '"assistant"', '"us\\u0065r"'),
    roleName: fc.constantFrom('"role"', '"role"', '"\\u0072ole"'),
    body,
    id: fc.option(fc.oneof(string, fc.constant('null'))),
    metadata: fc.option(fc.oneof(object, fc.constant('null'))),
    tokenCount: fc.option(fc.constantFrom('0', '17', '1.0', '2e1', 'null')),
    unknown: fc.array(fc.tuple(fieldNameExcept(...KNOWN, ...SERVER_FIELDS), value), { maxLength: 5 }),
    serverFields: fc.array(
      fc.tuple(
        fc.constantFrom('"seq"', '"version"', '"token_estimate"', '"inserted_at"', '"s\\u0065q"'),
        value,
      ),
      { maxLength: 2 },
    ),
    duplicate: fc.option(fc.tuple(fc.constantFrom('"role"', '"metadata"', '"token_count"', '"id"'), value), {
      freq: 4,
    }),
    order: fc.array(fc.nat(), { minLength: 16, maxLength: 16 }),
  })
  .map(({ role, roleName, body, id, metadata, tokenCount, unknown, serverFields, duplicate, order }) => {
    const members: [string, string][] = [[roleName, role], ...unknown, ...serverFields, ...body];
    if (id !== null) members.push(['"id"', id]);
    if (metadata !== null) members.push(['"metadata"', metadata]);
    if (tokenCount !== null) members.push(['"token_count"', tokenCount]);
    const shuffled = members
      .map((member, index) => ({ member, rank: order[index % order.length]! }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ member }) => member);
    // Of two fields with the same name, the service uses the last. An earlier duplicate may have any value.
    if (duplicate && members.some(([name]) => JSON.parse(name) === JSON.parse(duplicate[0])))
      shuffled.unshift(duplicate);
    const text = objectOf(shuffled);
    return {
      text: (variant) => spaced(text, variant),
      fields: withParts(
        shuffled
          .map(([name, source]) => ({ key: JSON.parse(name) as string, value: compact(source) }))
          .filter((field) => !SERVER_FIELDS.includes(field.key)),
      ),
    };
  });

/** The fields that the service returns: `parts` in the place of `content`, or at the end if neither was sent. */
function withParts(fields: readonly JsonField[]): JsonField[] {
  const stored = fields.map((field) => (field.key === 'content' ? partsFor(field.value) : field));
  return stored.some(({ key }) => key === 'parts') ? stored : [...stored, { key: 'parts', value: '[]' }];
}

/** One text part for a text, no part for null, and a list as it is. */
function partsFor(content: string): JsonField {
  const sent: unknown = JSON.parse(content);
  if (typeof sent !== 'string') return { key: 'parts', value: sent === null ? '[]' : content };
  return { key: 'parts', value: `[{"type":"text","text":${JSON.stringify(sent)}}]` };
}

function fieldNameExcept(...names: string[]): fc.Arbitrary<string> {
  return key.filter((each) => !names.includes(JSON.parse(each) as string));
}

function objectOf(members: readonly (readonly [string, string])[]): string {
  return textOf(
    '{}',
    members.map(([name, source]) => `${name}${MARK}:${MARK}${source}`),
  );
}

function textOf(brackets: '{}' | '[]', items: readonly string[]): string {
  const [open, close] = brackets;
  return `${open}${MARK}${items.join(`${MARK},${MARK}`)}${MARK}${close}`;
}
