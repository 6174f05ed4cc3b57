import { isIPv4, isIPv6 } from 'node:net';

/** The name in a `Host` header, without its port, as `canonicalHost` spells it. */
export function hostName(host: string): string {
  return host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
}

/** Whether only this machine can be reached under this name or address. */
export function isLoopback(name: string): boolean {
  return ['localhost', '::1', '[::1]'].includes(name) || (name.startsWith('127.') && isIPv4(name));
}

/** A host name or an address as browsers send it in `Host`; undefined if it is neither, or has a port. */
export function canonicalHost(text: string): string | undefined {
  const host = isIPv6(text) ? `[${text}]` : text;
  if (!/^([^\s:/?#@*\\[\]]+|\[[^\]]+\])$/.test(host) || !URL.canParse(`http://${host}`)) return undefined;
  return hostName(new URL(`http://${host}`).hostname);
}

/**
 * An origin as browsers send it in `Origin`: `https://app.example.com`, without a path and without the port that is the
 * default. Undefined for everything else, `null` included: any page can send that.
 */
export function canonicalOrigin(text: string): string | undefined {
  if (/[\s*]/.test(text) || !URL.canParse(text)) return undefined;
  const { protocol, host, pathname, search, hash, username, password } = new URL(text);
  if (host === '' || !['', '/'].includes(pathname) || search || hash || username || password)
    return undefined;
  return `${protocol}//${host}`;
}
