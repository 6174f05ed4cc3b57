// Random settings of a conversation: policies, budgets and compactions, all of them legal.

const KINDS = [
  ['tool*', 'reasoning'],
  ['tool*'],
  ['reasoning'],
  ['text'],
  ['image', 'file', 'image_url'],
  ['*_call'],
  ['thinking'],
];

/** A config for each strategy. Every conversation is read under all of them. */
const POLICIES = {
  budget: () => ({}),
  manual: () => ({}),
  last_n: (random, length) => lastN(random, length),
  time_window: (random, length) => ({
    max_age_seconds: random.chance(0.7) ? 3600 : 1,
    min_events: random.integer(0, length),
  }),
  skip_parts: (random, length) => ({
    ...(random.chance(0.4) && { kinds: random.pick(KINDS) }),
    ...(random.chance(0.4) && lastN(random, length)),
  }),
  strip_tool_results: (random, length) => ({
    ...(random.chance(0.4) && lastN(random, length)),
    ...(random.chance(0.3) && { keep_recent: random.integer(1, 3) }),
    ...(random.chance(0.2) && { placeholder: random.pick(['[removed]', '-']) }),
  }),
};

export const STRATEGIES = Object.keys(POLICIES);

/**
 * @returns `{ policies: [{ strategy, config }], tokenBudget, budgets, compactions }`: `budgets` are values of `budget_tokens`, undefined
 * for none; `compactions` are bodies of the requests, in their order
 */
export function randomSettings(random, length) {
  return {
    policies: STRATEGIES.map((strategy) => ({ strategy, config: POLICIES[strategy](random, length) })),
    tokenBudget: random.chance(0.5) ? 1_000_000 : random.integer(20, 3000),
    budgets: [undefined, random.integer(1, 120), random.integer(60, 1200)],
    compactions: length > 0 ? randomCompactions(random, length) : [],
  };
}

function lastN(random, length) {
  const limit = random.integer(1, Math.max(2, length));
  return { limit, ...(random.chance(0.4) && { trim_to: random.integer(1, limit) }) };
}

/** Disjoint ranges; larger ranges then replace some of them. A range may cut a tool call from its result. */
function randomCompactions(random, length) {
  if (random.chance(0.6)) return [];
  const compactions = [];
  for (let from = random.integer(1, length); from <= length;) {
    const to = Math.min(length, from + random.integer(0, 6));
    compactions.push({ from_seq: from, to_seq: to, replacement: replacement(random) });
    from = to + random.integer(1, 8);
  }
  const [first] = compactions;
  if (random.chance(0.2) && first)
    compactions.push({ ...first, from_seq: random.integer(1, first.from_seq) });
  return compactions;
}

function replacement(random) {
  const summary = {
    role: random.weighted({ system: 6, assistant: 2, user: 2, developer: 0.5 }),
    content: 'They talked about an order.',
  };
  if (random.chance(0.05)) return [{ role: 'system', content: '' }];
  return random.chance(0.1) ? [summary, { role: 'assistant', content: 'Noted.' }] : [summary];
}
