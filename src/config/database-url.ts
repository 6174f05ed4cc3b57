/** What libpq calls the server it wants; every other value asks for a server that the service cannot write to. */
const WRITABLE_SERVERS = ['read-write', 'primary', 'any'];

/** `postgres://`, user and password, hosts, and the rest. */
const DATABASE_URL = /^(postgres(?:ql)?:\/\/(?:[^@/?#]*@)?)([^/?#]*)(.*)$/s;

/**
 * Splits a `DATABASE_URL` with several hosts (`postgres://u@h1:5432,h2:5432/db?target_session_attrs=read-write`) into
 * one URL per host, in their order: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS.
 * The parameter `target_session_attrs` is taken off: the service always needs a server that accepts writes.
 *
 * @throws Error whose message says what is expected; it never quotes the URL, which may hold a password
 */
export function serverUrls(databaseUrl: string): string[] {
  const [, start, hosts = '', rest = ''] = DATABASE_URL.exec(databaseUrl) ?? [];
  const names = hosts.split(',');
  const urls = names.map((host) => `${start}${host}${rest}`);
  const isIncomplete = names.length > 1 && names.includes('');
  if (start === undefined || isIncomplete || !urls.every((url) => URL.canParse(url))) {
    throw new Error(
      'must be a URL like postgresql://user:password@host:5432/database, with several hosts separated by commas',
    );
  }
  return urls.map(withoutTarget);
}

function withoutTarget(serverUrl: string): string {
  const url = new URL(serverUrl);
  const target = url.searchParams.get('target_session_attrs');
  if (target === null) return serverUrl;
  if (!WRITABLE_SERVERS.includes(target)) {
    throw new Error('must ask for a server that accepts writes: target_session_attrs=read-write');
  }
  url.searchParams.delete('target_session_attrs');
  return url.href;
}
