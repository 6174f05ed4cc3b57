import { optionalInteger, requireInteger } from '../arguments.js';
import type { RemoteConversation } from '../http/remote-conversation.js';
import type { Compaction, UndoOptions } from '../types.js';
import type { WireCompactionPage, WireUndone } from '../wire/types.js';

/** Lists the compactions, newest first. Each page is read when the iteration reaches it. */
export async function* listCompactions(
  conversation: RemoteConversation,
  prepare: () => Promise<void>,
): AsyncGenerator<Compaction, void, undefined> {
  await prepare();
  let cursor: number | null | undefined;
  while (cursor !== null) {
    const page = (await conversation.request({
      method: 'GET',
      path: '/compactions',
      query: { cursor },
      retryable: 'always',
    })) as WireCompactionPage;
    for (const compaction of page.compactions) yield fromWireCompaction(compaction);
    cursor = page.next_cursor;
  }
}

/** @returns the version that the undo gave the conversation */
export async function undo(
  conversation: RemoteConversation,
  compaction: number,
  { ifVersion }: UndoOptions,
): Promise<{ version: number }> {
  requireInteger('version', compaction, 1);
  optionalInteger('ifVersion', ifVersion, 0);
  const { version } = (await conversation.request({
    method: 'POST',
    path: `/compactions/${compaction}/undo`,
    body: { if_version: ifVersion },
    // A repeated undo would fail, because the compaction is undone.
    retryable: 'unprocessed',
  })) as WireUndone;
  return { version };
}

function fromWireCompaction(wire: WireCompactionPage['compactions'][number]): Compaction {
  const { version, active, withdrawn, replaced_at_version, undone_at_version } = wire;
  return {
    version,
    fromSeq: wire.from_seq,
    toSeq: wire.to_seq,
    active,
    ...(withdrawn && { withdrawn: true }),
    ...(replaced_at_version !== undefined && { replacedAtVersion: replaced_at_version }),
    ...(undone_at_version !== undefined && { undoneAtVersion: undone_at_version }),
    tokenEstimate: wire.token_estimate,
    insertedAt: wire.inserted_at,
    replacement: wire.replacement,
  };
}
