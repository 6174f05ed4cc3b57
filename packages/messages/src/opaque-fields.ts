import { isObject } from './event.js';

/**
 * Fields with data that only the provider can read and that it reads as a part of the prompt: encrypted reasoning, encrypted search
 * results, redacted thinking. OpenAI and Anthropic; the last four are the spellings of the AI SDK, LangChain and OpenAI Agents.
 */
const ENCRYPTED_FIELDS = new Set([
  ...['encrypted_content', 'encrypted_stdout', 'encryptedContent'],
  ...['reasoningEncryptedContent', 'redactedData', 'redactedContent', 'redacted_content'],
]);

/** Fields that prove to the provider that it wrote a part. They cost nothing. */
const SIGNATURE_FIELDS = new Set(['signature', 'thoughtSignature', 'thought_signature']);

/** Characters in the encrypted fields of a value, at any depth. */
export function encryptedChars(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + encryptedChars(each), 0);
  if (!isObject(value)) return 0;
  let chars = 0;
  for (const key in value) {
    const field = value[key];
    chars += typeof field !== 'string' ? encryptedChars(field) : ENCRYPTED_FIELDS.has(key) ? field.length : 0;
  }
  return chars;
}

/** Whether a value has a field, at any depth, that is no text for a model. */
export function hasOpaqueField(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasOpaqueField);
  if (!isObject(value)) return false;
  for (const key in value)
    if (typeof value[key] === 'string' ? isOpaque(key) : hasOpaqueField(value[key])) return true;
  return false;
}

/** Compact JSON without encrypted data and signatures. */
export function readableJson(value: unknown): string {
  return hasOpaqueField(value)
    ? JSON.stringify(value, (key, field: unknown) =>
        typeof field === 'string' && isOpaque(key) ? undefined : field,
      )
    : JSON.stringify(value);
}

function isOpaque(key: string): boolean {
  return ENCRYPTED_FIELDS.has(key) || SIGNATURE_FIELDS.has(key);
}
