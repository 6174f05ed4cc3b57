import type { Statement } from '../database/statement.js';

/**
 * The withdrawals of ($1, $2) up to version $3, and not undone at it, that have events in $4 … $5. A withdrawal is a compaction without messages: the table
 * belongs to compaction/, which writes it. Its rows of one conversation are adjacent in the primary key.
 */
export const WITHDRAWALS: Statement = {
  name: 'withdrawals',
  text: `
    SELECT version, from_seq AS "fromSeq", to_seq AS "toSeq"
      FROM fastpaca.compactions
     WHERE namespace = $1 AND conversation_id = $2 AND version <= $3 AND from_seq <= $5 AND to_seq >= $4
       AND cardinality(message_tokens) = 0 AND undoes IS NULL AND (undone_at IS NULL OR undone_at > $3)`,
};
