import { checkListenAddress, ListenError } from '../../common/http/listen-address.js';
import type { AppConfig } from '../../config/app-config.js';
import type { Finding } from './report.js';

const PROBE_TIMEOUT_MS = 2000;
/** Every metric of the service begins with it. */
const METRIC_PREFIX = 'fastpaca_';
/** Addresses that stand for all addresses of a machine, and one of them that a client can use. */
const CLIENT_HOSTS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };

/** @throws ListenError the service cannot listen on its address, and the program that does is not Fastpaca */
export async function checkAddress({ host, port }: AppConfig): Promise<Finding<void>> {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  try {
    await checkListenAddress({ host, port });
    return { text: port === 0 ? `any free port of ${host}` : `${address} is free`, value: undefined };
  } catch (error) {
    const isInUse = error instanceof ListenError && error.code === 'EADDRINUSE';
    if (!isInUse || !(await isFastpaca(host, port))) throw error;
    return { text: `${address} is in use by a running Fastpaca`, value: undefined };
  }
}

async function isFastpaca(host: string, port: number): Promise<boolean> {
  const name = CLIENT_HOSTS[host] ?? (host.includes(':') ? `[${host}]` : host);
  try {
    const response = await fetch(`http://${name}:${port}/metrics`, {
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    return (await response.text()).includes(`\n${METRIC_PREFIX}`);
  } catch {
    return false; // it does not speak HTTP
  }
}
