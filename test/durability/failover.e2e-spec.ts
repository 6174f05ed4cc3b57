import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CachingNodes } from '../support/caching-nodes.js';
import { DedicatedServer } from '../support/dedicated-server.js';
import { Readers } from '../support/stream-reader.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const textsOf = (events: any[]) => events.map(({ parts }) => parts[0].text as string);

describe('nodes after a failover to an asynchronous standby', () => {
  let primary: DedicatedServer;
  let standby: DedicatedServer | undefined;
  let proxy: TcpProxy;
  let nodes: CachingNodes;
  const readers = new Readers(() => nodes.first);
  beforeEach(async () => {
    primary = await DedicatedServer.start();
    proxy = await TcpProxy.start(primary.url);
    nodes = await CachingNodes.start({ ...primary.database, url: proxy.through(primary.url) });
  });
  afterEach(async () => {
    await readers.closeAll();
    await nodes.stop();
    await proxy.stop();
    await standby?.stop();
  });

  it('return the data of a standby that lacks events at once, and reset their streams', async () => {
    const { first } = nodes;
    await first.http.put('c');
    for (let n = 1; n <= 7; n += 1) await nodes.append('c', `kept ${n}`);
    const reader = await readers.ws('c', '?cursor=0');
    standby = await primary.startStandby();
    await standby.caughtUpWith(primary);
    await standby.disconnectFromPrimary();
    for (let n = 8; n <= 10; n += 1) await nodes.append('c', `lost ${n}`);
    await reader.windowOf(10);
    const tags = await nodes.fillCaches('c');

    await primary.stop();
    await standby.promote();
    proxy.redirectTo(standby.url);

    await nodes.expectCurrentResponses('c', tags);
    const reset = await reader.frame(({ type }) => type === 'reset');
    expect(reset.version).toBe(7);
    // The new events get the versions of the lost events. No cached response with the lost events may be used.
    for (let n = 8; n <= 12; n += 1) {
      await nodes.append('c', `new ${n}`);
      await nodes.expectCurrentResponses('c', tags);
    }
    const { body } = await nodes.caching[1].http.window('c');
    expect(textsOf(body.messages)).toEqual([
      ...Array.from({ length: 7 }, (_, n) => `kept ${n + 1}`),
      ...Array.from({ length: 5 }, (_, n) => `new ${n + 8}`),
    ]);
    await reader.windowOf(12);
    const after = reader.frames.slice(reader.frames.indexOf(reset));
    expect(textsOf(after.filter(({ type }) => type === 'event').map(({ event }) => event))).toEqual(
      Array.from({ length: 5 }, (_, n) => `new ${n + 8}`),
    );
  });

  it('continue their streams without a reset if the standby has all events', async () => {
    const { first } = nodes;
    await first.http.put('c');
    await nodes.append('c', 'one');
    const reader = await readers.ws('c', '?cursor=0');
    await nodes.append('c', 'two');
    await reader.windowOf(2);
    standby = await primary.startStandby();
    await standby.caughtUpWith(primary);
    await primary.stop();
    await standby.promote();
    proxy.redirectTo(standby.url);
    await nodes.append('c', 'three');
    await reader.windowOf(3);
    expect(reader.frames.map(({ type }) => type).filter((type) => type !== 'window')).toEqual([
      'event',
      'event',
      'event',
    ]);
  });
});
