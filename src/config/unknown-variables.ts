import { SETTINGS, type Environment } from './settings.js';

const PREFIX = 'FASTPACA_';
/** Variables that only the client package and the example read. They may also be set in the service's environment. */
const CLIENT_VARIABLES = ['FASTPACA_URL'];
const KNOWN = [...Object.values(SETTINGS).map(({ variable }) => variable), ...CLIENT_VARIABLES];

/**
 * Kubernetes sets these in every container of a namespace that has a Service named `fastpaca` or `fastpaca-…`:
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
const SERVICE_LINK = /^FASTPACA_(\w+_)?(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)$/;
const SERVICE_LINK_URL = /^(tcp|udp|sctp):\/\//;

/**
 * Greatest difference between an unknown name and the known name that the message suggests: 0 is equal, 1 has nothing
 * in common.
 */
const MAX_DIFFERENCE = 0.6;

/**
 * One violation for each variable that begins with `FASTPACA_` (in any case) and does not exist: a mistyped
 * `FASTPACA_API_KEY` must not leave the service open.
 */
export function unknownVariables(environment: Environment): string[] {
  return Object.entries(environment)
    .filter(([name, value]) => value !== undefined && isUnknown(name, value))
    .map(([name]) => {
      const known = nearest(name);
      return `${name} is not a known variable${known ? ` (did you mean ${known}?)` : ''}`;
    });
}

function isUnknown(name: string, value: string): boolean {
  if (!name.toUpperCase().startsWith(PREFIX) || KNOWN.includes(name)) return false;
  return !SERVICE_LINK.test(name) && !(name.endsWith('_PORT') && SERVICE_LINK_URL.test(value));
}

/**
 * The known name that is most similar; undefined if no name is similar enough. The prefix is ignored: `FASTPACA_PORT`
 * suggests `PORT`.
 */
function nearest(name: string): string | undefined {
  const given = withoutPrefix(name.toUpperCase()).slice(0, 100);
  const [best] = KNOWN.map((known) => ({ known, difference: difference(given, withoutPrefix(known)) }))
    .filter(({ difference }) => difference <= MAX_DIFFERENCE)
    .sort((a, b) => a.difference - b.difference);
  return best?.known;
}

function withoutPrefix(name: string): string {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
}

/** The Levenshtein distance, divided by the length of the longer text. */
function difference(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const char of a) {
    let left = 0;
    let diagonal = 0;
    row = row.map((above, index) => {
      const replaced = diagonal + (char === b[index - 1] ? 0 : 1);
      left = index === 0 ? above + 1 : Math.min(above + 1, left + 1, replaced);
      diagonal = above;
      return left;
    });
  }
  return (row.at(-1) ?? 0) / Math.max(a.length, b.length);
}
