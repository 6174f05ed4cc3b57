/** How `FASTPACA_CACHE_BYTES` is divided between the caches; the shares sum to 1. Reasons: docs/decisions/010. */
export const CACHE_SHARES = { windows: 3 / 8, recentEvents: 3 / 8, pages: 1 / 4 } as const;
