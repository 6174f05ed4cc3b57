// The policies that a replay compares. Each one has a conversation of its own.

/** Large enough that the policy decides, and not the budget. */
const LARGE_BUDGET = 128_000;

/**
 * The rows of a replay of a long conversation. `budgets` are budgets of one conversation, read after each other.
 *
 * `time_window` pauses after each call, so that it appends fewer than 200 events a second: all events but the newest are too old, and
 * `min_events` decides where its windows begin.
 */
export const LONG_ROWS = [
  row('last_n', { strategy: 'last_n' }),
  row('budget', { strategy: 'budget' }, [8_000, 32_000, 100_000]),
  row('manual', { strategy: 'manual' }, [32_000]),
  row('skip_parts', { strategy: 'skip_parts' }),
  row('strip_tool_results', { strategy: 'strip_tool_results' }),
  {
    ...row('time_window, min_events 200', {
      strategy: 'time_window',
      config: { max_age_seconds: 1, min_events: 200 },
    }),
    pauseMs: 20,
  },
];

/** The same for a conversation without tool calls, in which the other policies select what these do. */
export const TEXT_ROWS = LONG_ROWS.slice(0, 2);

/** Other settings of the same policies, to choose between. */
export const CHOICE_ROWS = [
  row('last_n, trim_to 150', { strategy: 'last_n', config: { limit: 200, trim_to: 150 } }),
  row('last_n, trim_to 200', { strategy: 'last_n', config: { limit: 200, trim_to: 200 } }),
  row('budget, trim_ratio 0.5', { strategy: 'budget', config: { trim_ratio: 0.5 } }, [8_000]),
  row('budget, trim_ratio 1', { strategy: 'budget', config: { trim_ratio: 1 } }, [8_000]),
];

export const RECORDED_ROWS = [
  row('last_n', { strategy: 'last_n' }, [4_000]),
  row('budget', { strategy: 'budget' }, [4_000]),
];

function row(name, policy, budgets = [LARGE_BUDGET]) {
  return { name, policy, budgets };
}
