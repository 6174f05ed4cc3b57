/**
 * Whether `If-None-Match` names this entity tag; weak and strong tags are the same here.
 * https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
 */
export function namesTag(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((each) => ['*', tag, `W/${tag}`].includes(each.trim()));
}
