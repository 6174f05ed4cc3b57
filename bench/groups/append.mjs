import { inTurns } from '../in-turns.mjs';
import { copyConversations } from '../references/tables.mjs';
import * as requests from '../requests.mjs';
import { sized } from '../settings.mjs';

/** Appends of many clients, and what they are compared with. */
export async function append(environment, table) {
  const count = sized(20_000);
  for (const prefix of ['many', 'raw']) await environment.conversations.create(prefix, count);
  await copyConversations(environment.sql, 'many');
  const { service } = environment;
  const bare = await environment.reference('bare-fastify');
  const groupCommit = await environment.reference('group-commit');
  const load = (server, request, connections) => (limit) =>
    server.load({ requests: [request('many')], connections, conversations: count, ...limit });

  const median = await inTurns({
    empty64: load(service, requests.empty, 64),
    bare64: load(bare, requests.append, 64),
    append64: load(service, requests.append, 64),
    group64: load(groupCommit, requests.append, 64),
    raw16: (limit) => environment.rawCommits({ connections: 16, conversations: count, ...limit }),
    append20: load(service, requests.append, 20),
    group20: load(groupCommit, requests.append, 20),
  });
  const perSecond = (name) => median((round) => round[name].perSecond);
  const cpu = (name) => median((round) => round[name].cpuMicros);
  const ratio = (key, name, other) => median((round) => round[name][key] / round[other][key]);

  table.row('empty requests, 64 connections', perSecond('empty64'), '/s');
  table.row('bare Fastify, 64 connections', perSecond('bare64'), '/s');
  table.row(
    `durable appends, 64 connections, ${count.toLocaleString('en')} conversations`,
    perSecond('append64'),
    '/s',
  );
  table.row('durable appends, 20 connections', perSecond('append20'), '/s');
  table.row('Fastify with group commit, 64 connections', perSecond('group64'), '/s');
  table.row('Fastify with group commit, 20 connections', perSecond('group20'), '/s');
  table.row('raw commits, pool of 16', perSecond('raw16'), '/s');
  table.row('service CPU per empty request', cpu('empty64'), 'µs');
  table.row('service CPU per append, 64 connections', cpu('append64'), 'µs');
  table.row('CPU per request of bare Fastify', cpu('bare64'), 'µs');
  table.row('CPU per append of Fastify with group commit, 64 connections', cpu('group64'), 'µs');
  const databaseCpu = median((round) => round.append64.databaseCpuMicros);
  if (Number.isFinite(databaseCpu)) table.row('database CPU per append, 64 connections', databaseCpu, 'µs');
  table.row('CPU: empty request ÷ bare Fastify', ratio('cpuMicros', 'empty64', 'bare64'), '×', {
    atMost: 1.6,
  });
  table.row('CPU: append, 64 connections ÷ bare Fastify', ratio('cpuMicros', 'append64', 'bare64'), '×', {
    atMost: 2.5,
  });
  table.row('appends ÷ empty requests', ratio('perSecond', 'append64', 'empty64'), '×', { atLeast: 0.6 });
  table.row('appends ÷ group commit, 20 connections', ratio('perSecond', 'append20', 'group20'), '×', {
    atLeast: 1.15,
  });
  table.row('appends ÷ group commit, 64 connections', ratio('perSecond', 'append64', 'group64'), '×', {
    atLeast: 0.95,
  });
  table.row('appends ÷ raw commits', ratio('perSecond', 'append64', 'raw16'), '×', { atLeast: 1.3 });
}
