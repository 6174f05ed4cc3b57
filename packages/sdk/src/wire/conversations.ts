import type { Conversation, ErasureReceipt } from '../types.js';
import type { WireConversation, WireErasureReceipt } from './types.js';

export function fromWireConversation(wire: WireConversation): Conversation {
  const { id, policy, metadata, model, version, tombstoned } = wire;
  return {
    id,
    tokenBudget: wire.token_budget,
    triggerRatio: wire.trigger_ratio,
    policy,
    metadata,
    ...(model !== undefined && { model }),
    reserveTokens: wire.reserve_tokens ?? 0,
    ...(wire.ttl_seconds !== undefined && { ttlSeconds: wire.ttl_seconds }),
    version,
    lastSeq: wire.last_seq,
    tombstoned,
    createdAt: wire.created_at,
    updatedAt: wire.updated_at,
  };
}

export function fromWireReceipt({ erased_at: erasedAt, ...receipt }: WireErasureReceipt): ErasureReceipt {
  return { ...receipt, erasedAt };
}
