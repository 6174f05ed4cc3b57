import { anything, object, record, type Shape } from '../shape.js';

/**
 * Source of the shapes: the Zod schemas of `ai` 5.0.277, 6.0.324 and 7.0.173 (`prompt/message.ts`, `prompt/content-part.ts`).
 * They ignore fields that they do not know.
 */
export function part(fields: Record<string, Shape>): Shape {
  return object({ type: anything, 'providerOptions?': record, ...fields }, { open: true });
}
