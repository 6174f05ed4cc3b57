import { inTurns } from '../in-turns.mjs';
import * as requests from '../requests.mjs';

/** Windows and pages of a conversation that does not change: they come from the cache. */
export async function window(environment, table) {
  await environment.conversations.createWithLogs('window', 1, 200);
  await fetch(`${environment.url}/bench/window-0/window`, { method: 'PUT' });
  const load =
    (request, connections = 16, headers = {}) =>
    (limit) =>
      environment.service.load({
        requests: [request('window')],
        connections,
        headers,
        conversations: 1,
        ...limit,
      });
  const unchanged = async (request) => {
    const [, path] = request('window');
    const { headers } = await fetch(environment.url + path.replace('{n}', '0'));
    return load(request, 16, { 'if-none-match': headers.get('etag') });
  };
  const median = await inTurns({
    prepared: load(requests.preparedWindow),
    window: load(requests.readWindow),
    window20: load(requests.readWindow, 20),
    page: load(requests.readPage),
    sameWindow: await unchanged(requests.readWindow),
    samePage: await unchanged(requests.readPage),
  });
  const perSecond = (name) => median((round) => round[name].perSecond);
  table.row('bare route sending a window of 200 messages, 16 connections', perSecond('prepared'), '/s');
  table.row('windows of 200 messages, unchanged, 16 connections', perSecond('window'), '/s');
  table.row(
    'windows ÷ bare route',
    median((round) => round.window.perSecond / round.prepared.perSecond),
    '×',
    { atLeast: 0.6 },
  );
  table.row('windows of 200 messages, unchanged, 20 connections', perSecond('window20'), '/s');
  table.row('windows with response 304, 16 connections', perSecond('sameWindow'), '/s');
  table.row('log pages of the newest 200 events, 16 connections', perSecond('page'), '/s');
  table.row('log pages with response 304, 16 connections', perSecond('samePage'), '/s');
}
