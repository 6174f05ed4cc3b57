import * as requests from '../requests.mjs';
import { limit, sized } from '../settings.mjs';

/** Resident memory of a new service under full load. */
export async function memory(environment, table) {
  const conversations = sized(20_000);
  await environment.conversations.create('many', conversations);
  await environment.restartService();
  const { service } = environment;
  const resident = [(await service.report()).residentBytes];
  for (let part = 0; part < 4; part += 1) {
    const end = limit().amount === undefined ? { durationS: 15 } : limit();
    await service.load({ requests: [requests.append('many')], connections: 64, conversations, ...end });
    resident.push((await service.report()).residentBytes);
  }
  const [start, , half, , end] = resident.map((bytes) => bytes / 1e6);
  table.row('resident memory at the start', start, 'MB');
  table.row('resident memory after 30 s at full append load', half, 'MB');
  table.row('resident memory after 60 s at full append load', end, 'MB', { atMost: 300 });
}
