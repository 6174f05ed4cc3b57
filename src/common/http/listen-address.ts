import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { isError } from '../errors/is-error.js';

interface ListenAddress {
  host: string;
  port: number;
}

/**
 * The service cannot listen on its configured address. The message is one line and says what to do; there is no
 * stack.
 */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  override readonly stack = undefined;
  readonly code: string | undefined;

  constructor({ host, port }: ListenAddress, cause: unknown) {
    const { code, message } = isError(cause) ? (cause as NodeJS.ErrnoException) : { message: String(cause) };
    super(explain(host, port, code) ?? `cannot listen on ${at(host, port)} (${message})`, { cause });
    this.code = code;
  }
}

function explain(host: string, port: number, code = ''): string | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return `${at(host, port)} is in use by another program: stop that program, or set PORT to another port (0: any free one)`;
    case 'EACCES':
    case 'EPERM':
      return `this user may not listen on ${at(host, port)}: set PORT to a port above 1023`;
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return `this machine has no address ${host}: set HOST to an address of this machine, or to 0.0.0.0 for all of them`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name ${host} has no address: set HOST to an address of this machine`;
  }
}

function at(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * Checks that the service can listen on its address, by opening and closing a server. Another program may still take
 * the address afterwards.
 *
 * @returns the port: of port 0, one that is free now
 * @throws ListenError
 */
export async function checkListenAddress({ host, port }: ListenAddress): Promise<number> {
  const probe = createServer();
  try {
    probe.listen({ host, port });
    await once(probe, 'listening');
  } catch (error) {
    throw new ListenError({ host, port }, error);
  }
  const { port: free } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return free;
}
