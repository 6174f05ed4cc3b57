import { dataUrl, imageUrl } from '../media.js';
import {
  anything,
  array,
  base64,
  byField,
  nonEmptyText,
  nullable,
  object,
  oneOf,
  partsByRole,
  record,
  string,
  stringOr,
  text,
  variants,
  type Shape,
} from '../shape.js';

/** Source of the shapes: `ChatCompletionMessageParam` of openai 7.57 and openapi.json of openai/openai-openapi. */

const cacheBreakpoint = object({ mode: oneOf('explicit'), 'ttl?': oneOf('30m', '12h') });

function part(fields: Record<string, Shape>): Shape {
  return object({ type: anything, 'prompt_cache_breakpoint?': cacheBreakpoint, ...fields });
}

/** "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'", "Expected a string with maximum length 64". */
const name = string({ minLength: 1, maxLength: 64, pattern: /^[a-zA-Z0-9_-]+$/ });

const textPart = part({ text });
const TEXT = { text: textPart };

const inlineFile = object({ filename: nonEmptyText, file_data: dataUrl(['application/pdf']) });
const uploadedFile = object({ file_id: nonEmptyText });
const file = byField({ file_data: inlineFile }, uploadedFile);

const PARTS = {
  system: TEXT,
  developer: TEXT,
  user: {
    ...TEXT,
    image_url: part({
      image_url: object({ url: imageUrl, 'detail?': oneOf('auto', 'low', 'high', 'original') }),
    }),
    input_audio: part({ input_audio: object({ data: base64, format: oneOf('wav', 'mp3') }) }),
    file: part({ file }),
  },
  assistant: { ...TEXT, refusal: object({ type: anything, refusal: text }) },
  tool: TEXT,
};

/**
 * The shape of a message, by role. The deprecated role `function` is no longer known.
 *
 * The API returns `annotations` with an answer and accepts them back. `name` of a tool message is not in the reference, but in
 * OpenAI's cookbook.
 */
export function messageShape(maxToolCallIdLength: number): Shape {
  const id = string({ minLength: 1, maxLength: maxToolCallIdLength });
  const toolCall = variants('type', {
    function: object({ id, type: anything, function: object({ name, arguments: text }) }),
    custom: object({ id, type: anything, custom: object({ name, input: text }) }),
  });
  const parts = partsByRole(PARTS);
  const content = (role: keyof typeof PARTS): Shape => stringOr(array(parts[role], { minItems: 1 }));
  const spoken = (role: keyof typeof PARTS): Shape =>
    object({ role: anything, content: content(role), 'name?': name });
  return variants('role', {
    system: spoken('system'),
    developer: spoken('developer'),
    user: spoken('user'),
    assistant: object({
      role: anything,
      'content?': nullable(content('assistant')),
      'name?': name,
      'refusal?': nullable(text),
      'audio?': nullable(object({ id: nonEmptyText })),
      'annotations?': nullable(array(record)),
      'function_call?': nullable(object({ name, arguments: text })),
      'tool_calls?': array(toolCall, { minItems: 1 }),
    }),
    tool: object({ role: anything, content: content('tool'), tool_call_id: id, 'name?': name }),
  });
}
