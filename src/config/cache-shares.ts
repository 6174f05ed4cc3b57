/** How `FASTPACA_CACHE_BYTES` is divided; together 1. Why: docs/decisions/010. */
export const CACHE_SHARES = { windows: 3 / 8, tails: 3 / 8, pages: 1 / 4 } as const;
