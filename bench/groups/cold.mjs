import { inTurns } from '../in-turns.mjs';
import { copyConversations } from '../references/tables.mjs';
import * as requests from '../requests.mjs';
import { sized } from '../settings.mjs';

/** Clients, and conversations that are appended to. */
const CLIENTS = 20;

/** Windows that the service has not made yet, and windows right after an append, against a plain SELECT of the newest 200 rows. */
export async function cold(environment, table) {
  // Their windows take 38 MB, the caches of the service 32 MB: until a conversation is read again, others have displaced it.
  const count = sized(500);
  await environment.conversations.createWithLogs('cold', count, 200);
  await environment.conversations.createWithLogs('turn', CLIENTS, 200);
  for (const prefix of ['cold', 'turn']) await copyConversations(environment.sql, prefix);
  const { service } = environment;
  const naive = await environment.reference('naive-select');

  const median = await inTurns({
    window: coldReads(service, requests.readWindow, count),
    select: coldReads(naive, requests.readWindow, count),
    page: coldReads(service, requests.readPage, count),
    turn: turns(service),
    selectTurn: turns(naive),
  });
  const perSecond = (name) => median((round) => round[name].perSecond);
  const cpu = (name) => median((round) => round[name].cpuMicros);
  const ratio = (name, other) => median((round) => round[name].perSecond / round[other].perSecond);
  table.row('cold windows of 200 messages, 20 connections', perSecond('window'), '/s');
  table.row('naive SELECT of 200 rows, 20 connections', perSecond('select'), '/s');
  table.row('cold pages of 200 events, 20 connections', perSecond('page'), '/s');
  table.row('service CPU per cold window', cpu('window'), 'µs');
  table.row('CPU per naive SELECT', cpu('select'), 'µs');
  table.row('cold windows ÷ naive SELECT', ratio('window', 'select'), '×', { atLeast: 1.5 });
  table.row('append, then window, 20 clients', perSecond('turn') / 2, '/s');
  table.row('append, then naive SELECT, 20 clients', perSecond('selectTurn') / 2, '/s');
  table.row('service CPU per append and window', cpu('turn') * 2, 'µs');
  table.row('append, then window ÷ append, then naive SELECT', ratio('turn', 'selectTurn'), '×', {
    atLeast: 3,
  });
}

/** Reads one conversation after the other. Each measurement goes on where the last one ended. */
function coldReads(server, request, conversations) {
  let from = 0;
  return async (limit) => {
    const spec = { requests: [request('cold')], connections: CLIENTS, conversations, from };
    const figures = await server.load({ ...spec, ...limit });
    from += figures.responses;
    return figures;
  };
}

function turns(server) {
  return (limit) =>
    server.load({
      requests: [requests.append('turn'), requests.readWindow('turn')],
      connections: CLIENTS,
      conversations: CLIENTS,
      ...limit,
    });
}
