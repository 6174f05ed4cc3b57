// One client, one request at a time: appends to each conversation in turn, then reads its window and a page of its log. The
// conversations differ only in the length of their logs. Prints the times as JSON.
import http from 'node:http';
import { send } from './http-request.mjs';
import { appendBody } from './messages.mjs';
import { quantile } from './quantile.mjs';

const { url, ids, turns } = JSON.parse(process.argv[2]);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

async function timed(method, path, body) {
  const { status, ms } = await send(agent, method, `${url}${path}`, body);
  if (status >= 300) throw new Error(`${method} ${path}: ${status}`);
  return ms;
}

const times = new Map(ids.map((id) => [id, { append: [], window: [], page: [] }]));
const WARM_UP = Math.ceil(turns / 10);
for (let turn = -WARM_UP; turn < turns; turn += 1) {
  for (const id of turn % 2 ? ids : ids.toReversed()) {
    const append = await timed('POST', `/v1/conversations/${id}/events`, appendBody(turn + WARM_UP));
    const window = await timed('GET', `/v1/conversations/${id}/window`);
    const page = await timed('GET', `/v1/conversations/${id}/events?from_seq=-200`);
    if (turn < 0) continue;
    times.get(id).append.push(append);
    times.get(id).window.push(window);
    times.get(id).page.push(page);
  }
}
agent.destroy();
console.log(
  JSON.stringify(
    ids.map((id) => {
      const { append, window, page } = times.get(id);
      return {
        id,
        appendP50Ms: quantile(append, 0.5),
        appendP99Ms: quantile(append, 0.99),
        windowP50Ms: quantile(window, 0.5),
        windowP99Ms: quantile(window, 0.99),
        pageP50Ms: quantile(page, 0.5),
      };
    }),
  ),
);
