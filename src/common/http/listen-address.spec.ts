import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { checkListenAddress, ListenError } from './listen-address.js';

describe('checkListenAddress', () => {
  it('rejects an address in use, and does not keep a free address occupied', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(checkListenAddress({ host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: `127.0.0.1:${port} is in use by another program: stop that program, or set PORT to another port (0: any free one)`,
    });
    server.close();
    await once(server, 'close');
    await checkListenAddress({ host: '127.0.0.1', port });
    await checkListenAddress({ host: '127.0.0.1', port });
  });

  it('accepts port 0, which means any free port', () => checkListenAddress({ host: 'localhost', port: 0 }));

  it.each([
    ['203.0.113.7', 'this machine has no address 203.0.113.7: set HOST'],
    ['no-such-host.invalid', 'the host name no-such-host.invalid has no address: set HOST'],
  ])('explains why it cannot listen on HOST=%s', async (host, message) => {
    await expect(checkListenAddress({ host, port: 0 })).rejects.toThrow(message);
  });
});

describe('ListenError', () => {
  it.each([
    ['EACCES', 'this user may not listen on [::1]:80: set PORT to a port above 1023'],
    ['EIO', 'cannot listen on [::1]:80 (listen failed)'],
  ])('explains %s in one line, without a stack', (code, message) => {
    const error = new ListenError(
      { host: '::1', port: 80 },
      Object.assign(new Error('listen failed'), { code }),
    );
    expect([error.message, error.code, error.stack]).toEqual([message, code, undefined]);
  });
});
