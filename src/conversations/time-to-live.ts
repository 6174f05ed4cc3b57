/** Longest time to live of a conversation, in seconds: about 31 years. */
export const MAX_TTL_SECONDS = 1_000_000_000;
