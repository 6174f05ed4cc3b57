/** The fields of a `Conversation`. */
export const RECORD = `
  id, token_budget AS "tokenBudget", trigger_ratio AS "triggerRatio", policy_strategy AS "policyStrategy",
  policy_config AS "policyConfig", metadata, model, reserve_tokens AS "reserveTokens", version, last_seq AS "lastSeq",
  tokens_total AS "tokensTotal", head_length AS "headLength", cardinality(pinned_seqs) AS "pinnedCount",
  withdrawn_version AS "withdrawnVersion", ttl_seconds AS "ttlSeconds", tombstoned_at AS "tombstonedAt", erased_at AS "erasedAt",
  created_at AS "createdAt", updated_at AS "updatedAt"`;
