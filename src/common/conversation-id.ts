/**
 * Identifies a conversation: the namespace of the API key, and the caller's id within it. Every layer passes both
 * together, so that no statement can omit the namespace.
 */
export class ConversationId {
  #key?: string;

  constructor(
    readonly namespace: string,
    readonly id: string,
  ) {}

  /** Namespace and id as one string, unique per conversation: a key for maps. */
  get key(): string {
    return (this.#key ??= JSON.stringify([this.namespace, this.id]));
  }
}

/** Longest conversation id or idempotency key, in code points. */
export const MAX_ID_LENGTH = 255;

/**
 * Says why `value` is not a valid id; undefined if it is valid: 1–255 characters, no control characters. Unpaired
 * surrogates are rejected too: in UTF-8 they would all become the same character.
 */
export function idViolation(value: string): string | undefined {
  const hasValidLength =
    value.length > 0 && (value.length <= MAX_ID_LENGTH || Array.from(value).length <= MAX_ID_LENGTH);
  if (!hasValidLength) return `must be 1 to ${MAX_ID_LENGTH} characters long`;
  if (/\p{Cc}/u.test(value)) return 'must not contain control characters';
  if (!value.isWellFormed()) return 'must not contain unpaired surrogates';
  return undefined;
}
