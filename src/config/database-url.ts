/** Values of `target_session_attrs` that a writable server satisfies; all others require a read-only server. */
const WRITABLE_TARGETS = ['read-write', 'primary', 'any'];

/** Groups: scheme, user and password; hosts; path and parameters. */
const DATABASE_URL = /^(postgres(?:ql)?:\/\/(?:[^@/?#]*@)?)([^/?#]*)(.*)$/s;

/**
 * Splits a `DATABASE_URL` with several hosts (`postgres://u@h1:5432,h2:5432/db?target_session_attrs=read-write`) into
 * one URL per host, in their order: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS.
 * Removes the parameter `target_session_attrs`: the service always needs a server that accepts writes.
 *
 * @throws Error whose message says what the URL must be; it never quotes the URL, which may contain a password
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
  if (!WRITABLE_TARGETS.includes(target)) {
    throw new Error('must request a server that accepts writes: target_session_attrs=read-write');
  }
  url.searchParams.delete('target_session_attrs');
  return url.href;
}
