/** A member of a JSON object: the decoded key and the text of the value. */
export interface JsonField {
  key: string;
  value: string;
}

/**
 * The members of an object's text in order, including duplicates. Does not use the scanner of the service, because a bug
 * in that scanner would then go unnoticed.
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

/** The text of a member's value. If several members have the key, the last one is used. */
export function jsonField(text: string, key: string): string | undefined {
  return jsonFields(text).findLast((field) => field.key === key)?.value;
}

function split(text: string, brackets: '{}' | '[]'): string[] {
  const whole = text.trim();
  if (!whole.startsWith(brackets.charAt(0)) || !whole.endsWith(brackets.charAt(1)))
    throw new Error(`expected text within ${brackets}: ${whole.slice(0, 100)}`);
  const items: string[] = [];
  let item = '';
  let depth = 0;
  let inString = false;
  for (let at = 1; at < whole.length - 1; at += 1) {
    const character = whole.charAt(at);
    if (inString && character === '\\') {
      item += character + whole.charAt((at += 1));
      continue;
    }
    if (character === '"') inString = !inString;
    if (!inString && '{['.includes(character)) depth += 1;
    if (!inString && '}]'.includes(character)) depth -= 1;
    if (!inString && depth === 0 && character === ',') {
      items.push(item.trim());
      item = '';
    } else item += character;
  }
  if (item.trim() !== '') items.push(item.trim());
  return items;
}

/** Index of the colon after a member's key. */
function endOfKey(member: string): number {
  let at = 1;
  while (member.charAt(at) !== '"') at += member.charAt(at) === '\\' ? 2 : 1;
  return member.indexOf(':', at);
}
