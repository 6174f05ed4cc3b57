import type { Statement } from '../database/statement.js';

export const PING: Statement = { name: 'ping', text: 'SELECT 1' };
