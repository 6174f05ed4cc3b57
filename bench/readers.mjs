// Readers of a large window. Unlike load.mjs they do not decode what they read, and a response other than 200 is counted as an
// error. Takes its task as an argument, prints the results as JSON.
import http from 'node:http';
import { send } from './http-request.mjs';
import { Samples } from './samples.mjs';

const { url, readers, path, ...limit } = JSON.parse(process.argv[2]);
const agent = new http.Agent({ keepAlive: true, maxSockets: readers });

const samples = new Samples(limit);
let errors = 0;
await Promise.all(
  Array.from({ length: readers }, async () => {
    while (samples.begin()) {
      const { status, ms } = await send(agent, 'GET', url + path).catch((error) => ({ status: error.code }));
      if (status === 200) samples.add(ms);
      else errors += 1;
    }
  }),
);
agent.destroy();
console.log(JSON.stringify({ ...samples.figures(), errors }));
