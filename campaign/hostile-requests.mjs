// A seeded generator of malformed and hostile requests, as bytes for a connection.

const PARTS_LIMIT = 150_000;
const METHODS = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'BREW', ''];
const VALUES = [
  'null', 'true', '-1', '0', '-0', '1.5', '1e999', '-1e999', '9007199254740993', '99999999999999999999', '1e-400',
  '""', '"x"', '"\\ud800"', '"\\u0000"', '[]', '{}', '[[]]', '{"type":1}', '[null]', '"9"', 'NaN', '01', "'x'", '',
]; // prettier-ignore
const FIELDS = [
  'event', 'events', 'idempotency_key', 'if_version', 'token_budget', 'trigger_ratio', 'policy', 'metadata', 'from_seq',
  'to_seq', 'replacement', '__proto__', 'constructor', 'hasOwnProperty', 'toString', '\\\\', '\\"', 'é', '', 'a.b[0]',
]; // prettier-ignore
const PATHS = ['', '/events', '/window', '/compact', '/metadata', '/stream', '/nothing', '/events/1'];
const IDS = [
  'hostile', '%', '%zz', '%00', '%ff', '%ED%A0%80', '%C0%AF', '..%2f..%2fetc', '.', '..', '', ' ', 'a b', '%20', '\x7f',
  'x'.repeat(256), 'x'.repeat(9000), '%F0%9F%92%A9', 'é', '__proto__', '{id}', ';', '?', '#',
]; // prettier-ignore
const QUERIES = [
  '', '?', '?cursor=', '?cursor=-1', '?cursor=1e3', '?cursor=99999999999999999999', '?cursor=%', '?limit=0', '?limit=-1',
  '?from_seq=1&cursor=1', '?to_seq=0&from_seq=9', '?wait_ms=1e9', '?budget_tokens=0', '?if_version=x', '?__proto__=1',
  '?constructor=1', '?a=1&a=2', '?cursor=1&cursor=2', `?x=${'y'.repeat(5000)}`, '?cursor[]=1', '?=1', '?&&&',
]; // prettier-ignore

/** From 1 to `limit`, evenly distributed over the orders of magnitude, and sometimes the limit itself. */
function sizeUpTo(random, limit) {
  return random.chance(0.05) ? limit : Math.ceil(limit ** random.next());
}

/** Kinds of bodies. Each function returns the text of a body. */
const BODIES = {
  deepNesting(random) {
    const depth = sizeUpTo(random, 100_000);
    const open = random.pick(['[', '{"a":']);
    const nested = open.repeat(depth) + '1' + (open === '[' ? ']' : '}').repeat(depth);
    return `{"event":{"role":"user","parts":[{"type":"text","text":"x","deep":${nested}}]}}`;
  },
  manyBadParts(random) {
    const part = random.pick(['1', 'null', '{}', '{"type":1}', '[]', '"x"']);
    const parts = Array.from({ length: sizeUpTo(random, PARTS_LIMIT) }, () => part);
    return `{"event":{"role":"user","parts":[${parts}]}}`;
  },
  manyBadEvents(random) {
    const events = Array.from({ length: sizeUpTo(random, 1000) }, () => random.pick(VALUES) || '1');
    return `{"events":[${events}]}`;
  },
  manyUnknownFields(random) {
    const fields = Array.from({ length: sizeUpTo(random, 100_000) }, (_, index) => `"f${index}":${index}`);
    return `{${fields}}`;
  },
  wrongTypes(random) {
    const fields = Array.from(
      { length: random.integer(1, 8) },
      () => `"${random.pick(FIELDS)}":${random.pick(VALUES)}`,
    );
    return `{${fields}}`;
  },
  duplicateKeys(random) {
    const field = random.pick(FIELDS);
    return `{"${field}":${random.pick(VALUES)},"${field}":${random.pick(VALUES)},"event":{"role":"user","role":"x"}}`;
  },
  loneSurrogates(random) {
    const bad = random.pick(['\\ud800', '\\udc00\\ud800', '\\ud83d', '\\uDBFF"', '\\u12']);
    return `{"event":{"role":"user","parts":[{"type":"${bad}","text":"${bad}"}]},"idempotency_key":"${bad}"}`;
  },
  hugeStrings(random) {
    const text = random
      .pick(['a', ' ', '\\n', '<|endoftext|>', '\\ud83d\\ude00'])
      .repeat(sizeUpTo(random, 50_000));
    return `{"event":{"role":"${text.slice(0, 3000)}","parts":[{"type":"text","text":"${text}"}]}}`;
  },
  notJson(random) {
    return random.pick([
      '',
      '{',
      '}',
      '[',
      '"',
      '{"a"}',
      '{"event":',
      '\ufeff{}',
      'event=1',
      '<xml/>',
      '\0',
      '[]',
      '1',
    ]);
  },
};

/** One hostile request: `{kind, bytes, then}`. `then` is `wait`, `finish` (half-close) or `leave` (close at once). */
export function hostileRequest(random, { host, headers }) {
  const kind = random.pick(Object.keys(BODIES));
  const how = random.weighted({ body: 60, path: 15, truncated: 6, framing: 10, flipped: 9 });
  const body = how === 'path' ? '' : BODIES[kind](random);
  const path = how === 'path' ? randomPath(random) : `/v1/conversations/hostile${random.pick(PATHS)}`;
  const method = how === 'path' ? random.pick(METHODS) : random.pick(['POST', 'PUT', 'PATCH']);
  const lines = {
    host,
    ...(random.chance(0.95) && headers),
    connection: 'close',
    'content-type': random.chance(0.9)
      ? 'application/json'
      : random.pick(['text/plain', 'application/json; charset=x', '']),
    'content-length': String(Buffer.byteLength(body)),
  };
  if (random.chance(0.1)) lines['idempotency-key'] = random.pick(['', 'x'.repeat(256), '\x01', 'é', 'ok']);
  if (random.chance(0.03)) lines['content-encoding'] = random.pick(['gzip', 'br', 'x']);
  if (random.chance(0.03)) lines['x-filler'] = 'y'.repeat(random.integer(1000, 40_000));
  let then = 'wait';
  if (how === 'truncated') {
    lines['content-length'] = String(Buffer.byteLength(body) + random.integer(1, 1_000_000));
    then = random.pick(['finish', 'leave']);
  }
  if (how === 'framing') disturbFraming(random, lines);
  const head = `${method} ${path} HTTP/1.1\r\n${Object.entries(lines)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;
  const bytes = Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]);
  if (how === 'flipped')
    for (let flips = random.integer(1, 20); flips > 0; flips -= 1)
      bytes[random.integer(0, Math.min(bytes.length, 2000) - 1)] = random.integer(0, 255);
  // The server may wait for more bytes after bytes that are not a complete request.
  if (how === 'flipped' || how === 'framing' || how === 'path') then = 'finish';
  if (random.chance(0.03)) then = 'leave';
  return { kind: `${how} ${how === 'path' ? path.slice(0, 80) : kind}`, bytes, then };
}

function randomPath(random) {
  const start = random.weighted({
    '/v1/conversations/': 9,
    '/': 1,
    '//': 0.3,
    'http://elsewhere/': 0.3,
    '*': 0.3,
  });
  return start + random.pick(IDS) + random.pick(PATHS) + random.pick(QUERIES);
}

/** Adds headers for which a proxy and a server could disagree about the end of a request. */
function disturbFraming(random, lines) {
  const disturbances = [
    () => (lines['transfer-encoding'] = 'chunked'),
    () => (lines['transfer-encoding'] = 'chunked, identity'),
    () => (lines['Transfer-Encoding '] = 'chunked'),
    () => (lines['Content-Length'] = '0'),
    () =>
      (lines['content-length'] = random.pick([
        '-1',
        '+5',
        '1e3',
        '0x10',
        '99999999999999999999',
        '5, 5',
        ' ',
      ])),
    () => (lines['x-bad\0name'] = '1'),
    () => (lines['x-folded'] = 'a\r\n b'),
    () => (lines['x-bare'] = 'a\nb: c'),
    () => (lines.expect = random.pick(['100-continue', 'x'])),
    () => (lines.upgrade = random.pick(['websocket', 'h2c', 'x'])),
    () => (lines.host = random.pick(['', 'a b', 'evil.example', '127.0.0.1:1, x'])),
  ];
  random.pick(disturbances)();
}
