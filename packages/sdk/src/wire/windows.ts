import { modelContents } from '../messages/model-content.js';
import type { Role, Segment, Window, WindowMessage } from '../types.js';
import type { WireWindow } from './types.js';

export function fromWireWindow(wire: WireWindow): Window {
  const messages = wire.messages.map(({ from_seq, to_seq, inserted_at, ...message }) => ({
    ...message,
    insertedAt: inserted_at,
    ...(from_seq !== undefined && { fromSeq: from_seq }),
    ...(to_seq !== undefined && { toSeq: to_seq }),
  }));
  return {
    messages: withContent(messages),
    usedTokens: wire.used_tokens,
    needsCompaction: wire.needs_compaction,
    version: wire.version,
    segments: wire.segments.map(({ type, from_seq: fromSeq, to_seq: toSeq }): Segment => ({
      type,
      fromSeq,
      toSeq,
    })),
    budgetTokens: wire.budget_tokens,
  };
}

type MessageWithoutContent = Omit<WindowMessage, 'content' | 'role'> & { role: Role };

/** Adds to each message of a window its content as an AI SDK `ModelMessage`, and turns `developer` into `system`. */
export function withContent(messages: readonly MessageWithoutContent[]): WindowMessage[] {
  const contents = modelContents(messages);
  return messages.map(({ seq, role, parts, ...others }, index) => ({
    seq,
    role: role === 'developer' ? 'system' : role,
    parts,
    content: contents[index],
    ...others,
  }));
}
