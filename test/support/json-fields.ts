/** A member of a JSON object: its key decoded, its value as it is spelt. */
export interface JsonField {
  key: string;
  value: string;
}

/**
 * The members of an object's text in their order, duplicates included. Written apart from the service's own scanner, one
 * character at a time, so that the two do not share a fault.
 */
export function jsonFields(text: string): JsonField[] {
  return split(text, '{}').map((member) => {
    const colon = endOfKey(member);
    return { key: JSON.parse(member.slice(0, colon)) as string, value: member.slice(colon + 1).trim() };
  });
}

/** The elements of an array's text. */
export function jsonItems(text: string): string[] {
  return split(text, '[]');
}

/** The value of the member of this name: the last, if there are several. */
export function jsonField(text: string, key: string): string | undefined {
  return jsonFields(text).findLast((field) => field.key === key)?.value;
}

function split(text: string, brackets: '{}' | '[]'): string[] {
  const whole = text.trim();
  if (!whole.startsWith(brackets.charAt(0)) || !whole.endsWith(brackets.charAt(1)))
    throw new Error(`not within ${brackets}: ${whole.slice(0, 100)}`);
  const pieces: string[] = [];
  let piece = '';
  let depth = 0;
  let inString = false;
  for (let at = 1; at < whole.length - 1; at += 1) {
    const character = whole.charAt(at);
    if (inString && character === '\\') {
      piece += character + whole.charAt((at += 1));
      continue;
    }
    if (character === '"') inString = !inString;
    if (!inString && '{['.includes(character)) depth += 1;
    if (!inString && '}]'.includes(character)) depth -= 1;
    if (!inString && depth === 0 && character === ',') {
      pieces.push(piece.trim());
      piece = '';
    } else piece += character;
  }
  if (piece.trim() !== '') pieces.push(piece.trim());
  return pieces;
}

/** Index of the colon after a member's key. */
function endOfKey(member: string): number {
  let at = 1;
  while (member.charAt(at) !== '"') at += member.charAt(at) === '\\' ? 2 : 1;
  return member.indexOf(':', at);
}
