import type { Window } from '../window.js';

/** Writes a window as the body of the HTTP response: a `WindowDto` as JSON, each message spelled as it was sent. */
export function serializeWindow({
  version,
  messages,
  segments,
  usedTokens,
  needsCompaction,
  budgetTokens,
}: Window): Buffer {
  const messagesJson = messages.map(({ json }) => json).join(',');
  const segmentsJson = segments
    .map(({ type, fromSeq, toSeq }) => `{"type":"${type}","from_seq":${fromSeq},"to_seq":${toSeq}}`)
    .join(',');
  return Buffer.from(
    `{"version":${version},"messages":[${messagesJson}],"used_tokens":${usedTokens},` +
      `"needs_compaction":${needsCompaction},"segments":[${segmentsJson}],"budget_tokens":${budgetTokens}}`,
  );
}
