/**
 * What names a conversation: the caller's id within the namespace its API key belongs to. Every layer takes both
 * together, so that no statement can forget the tenant.
 */
export class ConversationId {
  #key?: string;

  constructor(
    readonly namespace: string,
    readonly id: string,
  ) {}

  /** Both as one string, to keep things in a Map by. */
  get key(): string {
    return (this.#key ??= JSON.stringify([this.namespace, this.id]));
  }
}

/** Longest conversation id or idempotency key, in code points. */
export const MAX_ID_LENGTH = 255;

/**
 * Why `value` cannot be an id, or undefined if it can: 1–255 characters, none of them a control character. Unpaired
 * surrogates are refused too: as UTF-8 they would all be the same character.
 */
export function idViolation(value: string): string | undefined {
  const fits =
    value.length > 0 && (value.length <= MAX_ID_LENGTH || Array.from(value).length <= MAX_ID_LENGTH);
  if (!fits) return `must be 1 to ${MAX_ID_LENGTH} characters long`;
  if (/\p{Cc}/u.test(value)) return 'must not contain control characters';
  if (!value.isWellFormed()) return 'must not contain unpaired surrogates';
  return undefined;
}
