import { dataUrl, imageUrl, webUrl } from '../media.js';
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

/** Source of the shapes: `ResponseInputItem` of openai 7.57 and openapi.json of openai/openai-openapi. */

const cacheBreakpoint = nullable(object({ mode: oneOf('explicit'), 'ttl?': oneOf('30m', '12h') }));

function part(fields: Record<string, Shape>): Shape {
  return object({ type: anything, 'prompt_cache_breakpoint?': cacheBreakpoint, ...fields });
}

/** The other ways to give the same content may be null, but nothing else. */
const absent = nullable(oneOf());
const detail = nullable(oneOf('low', 'high', 'auto', 'original'));
const uploadedImage = part({ file_id: nonEmptyText, 'image_url?': absent, 'detail?': detail });
const linkedImage = part({ image_url: imageUrl, 'file_id?': absent, 'detail?': detail });

const fileDetail = oneOf('auto', 'low', 'high');
const uploadedFile = part({ file_id: nonEmptyText, 'filename?': nullable(text), 'detail?': fileDetail });
const linkedFile = part({ file_url: webUrl, 'filename?': nullable(text), 'detail?': fileDetail });
const inlineFile = part({ file_data: dataUrl(), filename: nonEmptyText, 'detail?': fileDetail });

const inputText = part({ text });
const inputImage = byField({ file_id: uploadedImage }, linkedImage);
const inputFile = byField({ file_id: uploadedFile, file_url: linkedFile }, inlineFile);

/** What a tool may return. */
export const toolOutput = stringOr(
  array(variants('type', { input_text: inputText, input_image: inputImage, input_file: inputFile })),
);

const INPUT = {
  input_text: inputText,
  input_image: inputImage,
  input_file: inputFile,
  input_audio: object({
    type: anything,
    input_audio: object({ data: base64, format: oneOf('wav', 'mp3') }),
  }),
};

const parts = partsByRole({
  user: INPUT,
  system: INPUT,
  developer: INPUT,
  assistant: {
    output_text: object({ type: anything, text, 'annotations?': array(record), 'logprobs?': array(record) }),
    refusal: object({ type: anything, refusal: text }),
  },
});

export const status = nullable(oneOf('in_progress', 'completed', 'incomplete'));

/** "Expected an ID that begins with 'fc'", "letters, numbers, underscores, or dashes", "maximum length 64". */
export function itemId(prefix = ''): Shape {
  return string({ minLength: 1, maxLength: 64, pattern: new RegExp(`^${prefix}[a-zA-Z0-9_-]*$`) });
}

function message(part: Shape, fields: Record<string, Shape> = {}): Shape {
  return object({
    'type?': anything,
    role: anything,
    content: stringOr(array(part, { minItems: 1 })),
    'id?': itemId('msg'),
    'status?': status,
    ...fields,
  });
}

/** A message item. `phase` belongs to the assistant only. */
export const messageItem = variants('role', {
  user: message(parts.user),
  system: message(parts.system),
  developer: message(parts.developer),
  assistant: message(parts.assistant, { 'phase?': nullable(oneOf('commentary', 'final_answer')) }),
});
