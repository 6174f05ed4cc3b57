import fc from 'fast-check';

/*
 * Random conversations for the comparison of the service with the reference model of windows: everything that the model
 * knows, well-formed and not. Tool calls are only in messages of the model, because elsewhere they are parts of unknown type.
 */

const id = fc.constantFrom('a', 'b', 'c');
const words = (maxCount: number) => fc.lorem({ maxCount });
const sometimes = fc.integer({ min: 0, max: 9 }).map((digit) => digit === 0);
// As JSON has it: without −0.
const json = fc.jsonValue({ maxDepth: 1 }).map((value) => JSON.parse(JSON.stringify(value)));
const input = fc.oneof(words(3), fc.dictionary(fc.constantFrom('q', 'n'), json));
const output = fc.oneof(
  words(6),
  words(6),
  words(6).map((text) => `${text} `.repeat(60)),
  fc.record({ rows: fc.array(fc.integer(), { maxLength: 4 }) }),
);

const call = fc.record(
  { type: fc.constant('tool_call'), id, name: fc.constantFrom('find', 'book_flight'), input },
  { requiredKeys: ['type', 'name', 'input'] },
);
const result = fc.oneof(
  fc.record(
    { type: fc.constant('tool_result'), tool_call_id: id, output },
    { requiredKeys: ['type', 'output'] },
  ),
  fc.record({ type: fc.constant('tool_result'), tool_call_id: id, content: words(6) }),
  fc.record({
    type: fc.constant('tool-result'),
    tool_call_id: id,
    output: fc.oneof(
      fc.record({ type: fc.constant('text'), value: words(6) }),
      fc.record({ type: fc.constant('json'), value: fc.record({ rows: fc.integer() }) }),
    ),
  }),
);
const textPart = fc.record({ type: fc.constant('text'), text: words(12) });
const reasoning = fc.record({ type: fc.constant('reasoning'), text: words(8) });
const unknown = fc.record({
  type: fc.constantFrom('widget', 'tool-search'),
  data: json,
});

function event(role: string, part: fc.Arbitrary<any>, maxParts = 4): fc.Arbitrary<any> {
  return fc
    .record({
      parts: fc.array(part, { minLength: 1, maxLength: maxParts }),
      pin: fc.nat(99),
      named: sometimes,
      extra: fc.option(fc.record({ id: fc.string({ maxLength: 6 }), metadata: fc.constant({ k: 1 }) })),
      // Half of all events have none.
      token_count: fc.oneof(
        fc.constant(undefined),
        fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 90 })),
      ),
    })
    .map(({ parts, pin, named, extra, token_count }) => ({
      role,
      parts,
      pin,
      ...(named && { name: 'Ada' }),
      ...extra,
      ...(token_count !== undefined && { token_count }),
    }));
}

const plain = fc.oneof(textPart, textPart, textPart, reasoning, unknown, result);
const user = event('user', fc.oneof({ weight: 8, arbitrary: textPart }, plain), 2);
const head = fc.oneof(event('system', plain, 2), event('developer', textPart, 2));
const answer = event('assistant', fc.oneof(plain, textPart, call, call));
const thought = event('assistant', reasoning, 2);
const toolMessage = fc.oneof(
  event('tool', result, 3),
  event('tool', fc.oneof(textPart, unknown, result), 2),
  fc.tuple(event('tool', textPart, 2), id).map(([message, tool_call_id]) => ({ ...message, tool_call_id })),
);
const any = fc.oneof(user, head, answer, answer, thought, toolMessage, toolMessage);

/** A question and a tool loop. Each call has its result, perhaps after other events, or none. The last answer may be missing. */
const toolTurn = fc
  .tuple(
    user,
    fc.array(
      fc.tuple(
        event('assistant', call, 2),
        event('tool', result, 2),
        fc.array(any, { maxLength: 2 }),
        sometimes,
      ),
      { minLength: 1, maxLength: 3 },
    ),
    fc.option(answer, { freq: 2 }),
  )
  .map(([question, steps, end]) => [
    question,
    ...steps.flatMap(([calling, answering, between, isMissing]) => {
      const parts = calling.parts.map((part: any) => ({ id: 'a', ...part }));
      const results = parts.map((part: any, index: number) => ({
        ...answering.parts[index % answering.parts.length],
        tool_call_id: part.id,
      }));
      const calls = { ...calling, parts };
      return isMissing ? [calls, ...between] : [calls, ...between, { ...answering, parts: results }];
    }),
    ...(end ? [end] : []),
  ]);

/** One call whose result comes many events later. */
const longGroup = fc
  .tuple(event('assistant', textPart, 1), fc.array(user, { minLength: 8, maxLength: 25 }))
  .map(([calling, between]) => [
    { ...calling, parts: [{ type: 'tool_call', id: 'far', name: 'find', input: {} }] },
    ...between,
    { role: 'tool', parts: [{ type: 'tool_result', tool_call_id: 'far', output: 'found' }] },
  ]);

const turn: fc.Arbitrary<any[]> = fc.oneof(
  { weight: 4, arbitrary: fc.array(any, { minLength: 1, maxLength: 8 }) },
  { weight: 4, arbitrary: toolTurn },
  { weight: 2, arbitrary: fc.array(user, { minLength: 1, maxLength: 12 }) },
  { weight: 1, arbitrary: longGroup },
);

const thousandths = fc.integer({ min: 1, max: 1000 }).map((count) => count / 1000);
const limits = fc
  .record({
    limit: fc.oneof(fc.integer({ min: 1, max: 19 }), fc.integer({ min: 20, max: 60 })),
    trim: fc.option(fc.nat(59)),
  })
  .map(({ limit, trim }) => (trim === null ? { limit } : { limit, trim_to: 1 + (trim % limit) }));

/** Fields of every policy. */
const common = fc.record(
  {
    max_tokens: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 200, max: 1500 })),
    trim_ratio: fc.oneof(fc.constantFrom(0.5, 0.75, 0.9, 1), thousandths),
    pin_head: fc.boolean(),
  },
  { requiredKeys: [] },
);

function policy(strategy: string, config: fc.Arbitrary<object>): fc.Arbitrary<Policy> {
  return fc
    .tuple(config, common)
    .map(([own, shared]) => ({ strategy, config: { ...own, ...shared } as any }));
}

const timeless = fc.oneof(
  policy('last_n', limits),
  policy('budget', fc.constant({})),
  policy('budget', fc.constant({})),
  policy('manual', fc.constant({})),
  policy(
    'strip_tool_results',
    fc
      .tuple(limits, fc.constantFrom({}, { placeholder: 'gone' }, { keep_recent: 2 }))
      .map(([limit, results]) => ({ ...limit, ...results })),
  ),
  policy(
    'skip_parts',
    fc
      .tuple(limits, fc.constantFrom({}, { kinds: ['widget'] }, { kinds: ['tool*'] }, { kinds: [] }))
      .map(([limit, kinds]) => ({ ...limit, ...kinds })),
  ),
);

/** Both ages exclude exactly the older half of an aged log. With one second, a slow test would lose newer events too. */
const timeWindow = policy(
  'time_window',
  fc.record({ max_age_seconds: fc.constantFrom(1000, 1800), min_events: fc.integer({ min: 0, max: 40 }) }),
);

interface Policy {
  strategy: string;
  config: any;
}

/** The body of a PUT. */
export interface Settings {
  policy: Policy;
  token_budget: number;
  reserve_tokens: number;
  trigger_ratio: number;
}

function settings(policies: fc.Arbitrary<Policy>): fc.Arbitrary<Settings> {
  return fc
    .record({
      policy: policies,
      token_budget: fc.oneof(
        fc.integer({ min: 1, max: 300 }),
        { weight: 4, arbitrary: fc.integer({ min: 100, max: 1500 }) },
        fc.integer({ min: 300, max: 5000 }),
      ),
      reserved: fc.oneof(fc.constant(0), fc.constant(0), fc.double({ min: 0, max: 0.5, noNaN: true })),
      trigger_ratio: thousandths,
    })
    .map(({ reserved, ...fields }) => ({
      ...fields,
      reserve_tokens: Math.floor(reserved * fields.token_budget),
    }));
}

export interface Turn {
  events: any[];
  /** A compaction after the turn. Start and length are relative to the length of the log; many ranges are invalid. */
  compaction: { from: number; length: number; replacement: any[] } | null;
  /** Which of the compactions until then is undone, relative to their number. Many of them are no longer active. */
  undo: number | null;
}

export interface Reading {
  settings: Settings;
  budgetTokens: number | null;
}

export interface RandomConversation {
  /** The settings while the log grows. Their windows do not depend on the clock. */
  settings: Settings;
  turns: Turn[];
  /** Whether the older half of the log is made an hour older, before any window is read. */
  isAged: boolean;
  /** Windows of the whole log under other settings. */
  readings: Reading[];
}

const compaction = fc.record({
  from: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.double({ min: 0, max: 0.5, noNaN: true }),
  /** Without a message it is a withdrawal. */
  replacement: fc.array(any, { maxLength: 2 }),
});

export const randomConversation: fc.Arbitrary<RandomConversation> = fc
  .record({
    settings: settings(timeless),
    /** How many of a hundred events are pinned. */
    pinRate: fc.constantFrom(0, 0, 2, 4, 15),
    head: fc.array(head, { maxLength: 3 }),
    turns: fc.array(
      fc.record({
        events: turn,
        compaction: fc.option(compaction, { freq: 3 }),
        undo: fc.option(fc.double({ min: 0.3, max: 1, noNaN: true }), { freq: 1 }),
      }),
      {
        minLength: 1,
        maxLength: 9,
        size: 'max',
      },
    ),
    isAged: fc.constantFrom(true, false, false),
    readings: fc.array(
      fc.record({
        settings: settings(fc.oneof({ weight: 3, arbitrary: timeless }, timeWindow)),
        budgetTokens: fc.option(fc.integer({ min: 1, max: 1000 })),
      }),
      { minLength: 3, maxLength: 5 },
    ),
  })
  .map(({ head: first, turns, pinRate, ...rest }) => ({
    ...rest,
    turns: turns.map(({ events, compaction: compacted, undo }, index) => ({
      undo,
      events: [...(index === 0 ? first : []), ...events].map(pinnedAt(pinRate)),
      compaction: compacted && { ...compacted, replacement: compacted.replacement.map(pinnedAt(0)) },
    })),
  }));

/** Pins an event whose `pin` is below the rate. */
function pinnedAt(rate: number): (event: any) => any {
  return ({ pin, ...fields }) => (pin < rate ? { ...fields, pinned: true } : fields);
}
