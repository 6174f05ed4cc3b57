// Windows are compared as the JSON that the service sends.

const MESSAGES = '"messages":[';
/** What follows the messages of a window. Quotes inside a message are escaped, so it cannot be part of a message. */
const AFTER_MESSAGES = '],"used_tokens":';

/**
 * @param json the answer of `GET …/window` without `format`
 * @returns the JSON of its messages, without brackets
 */
export function messagesText(json) {
  const from = json.indexOf(MESSAGES) + MESSAGES.length;
  const to = json.lastIndexOf(AFTER_MESSAGES);
  if (from < MESSAGES.length || to < from) throw new Error(`not a window: ${json.slice(0, 200)}`);
  return json.slice(from, to);
}

/** Whether the messages of the older window are the first messages of the newer one. */
export function isExtendedBy(older, newer) {
  if (older === '') return false;
  return newer.startsWith(older) && (newer.length === older.length || newer[older.length] === ',');
}

/** How many characters two windows have in common at their start. */
export function commonLength(one, other) {
  const end = Math.min(one.length, other.length);
  let at = 0;
  while (at < end && one.charCodeAt(at) === other.charCodeAt(at)) at += 1;
  return at;
}

/** Whether the first event of the log is in the window. */
export function hasFirstEvent(messages) {
  return messages.startsWith('{"seq":1,');
}
