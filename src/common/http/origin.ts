import { isIPv4, isIPv6 } from 'node:net';

/** Canonical host name or address from a `Host` header, without the port. */
export function hostName(host: string): string {
  return host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
}

/** Whether the canonical name or address always denotes this machine. */
export function isLoopback(name: string): boolean {
  return ['localhost', '::1', '[::1]'].includes(name) || (name.startsWith('127.') && isIPv4(name));
}

/** A host name or an address, spelled as browsers send it in `Host`; undefined if it is invalid or has a port. */
export function canonicalHost(text: string): string | undefined {
  const host = isIPv6(text) ? `[${text}]` : text;
  if (!/^([^\s:/?#@*\\[\]]+|\[[^\]]+\])$/.test(host) || !URL.canParse(`http://${host}`)) return undefined;
  return hostName(new URL(`http://${host}`).hostname);
}

/**
 * An origin, spelled as browsers send it in `Origin`: `https://app.example.com`, without a path and without the default
 * port of its scheme. Undefined for anything else, including `null`, which any page can send.
 */
export function canonicalOrigin(text: string): string | undefined {
  if (/[\s*]/.test(text) || !URL.canParse(text)) return undefined;
  const { protocol, host, pathname, search, hash, username, password } = new URL(text);
  if (host === '' || !['', '/'].includes(pathname) || search || hash || username || password)
    return undefined;
  return `${protocol}//${host}`;
}
