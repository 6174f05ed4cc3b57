import { tracingChannel } from 'node:diagnostics_channel';
import type { Statement } from './statement.js';

/**
 * Node.js's tracing channel around every statement, for traces. `Database` publishes to it only while there is a
 * subscriber.
 */
export const statementChannel = tracingChannel<unknown, { statement: Statement }>('fastpaca.statement');
