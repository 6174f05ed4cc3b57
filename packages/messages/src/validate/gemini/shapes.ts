import { isPresent } from '../json.js';
import {
  array,
  base64,
  boolean,
  nonEmptyText,
  object,
  oneOf,
  record,
  string,
  text,
  type Shape,
} from '../shape.js';

/** Source of the shapes: `Content` and `Part` of @google/genai 3.3. The API knows no other field ("Cannot find field"). */

/** "Unsupported MIME type"; guides on image, audio, video and document understanding. */
const MEDIA_TYPE = new RegExp(
  '^(image/(png|jpeg|webp|heic|heif)' +
    '|audio/(wav|x-wav|mp3|mpeg|mpga|mp4|m4a|aiff|aac|x-aac|ogg|opus|flac|pcm|webm)' +
    '|video/(mp4|mpeg|mpg|mov|quicktime|avi|x-msvideo|x-flv|webm|wmv|x-ms-wmv|3gpp)' +
    '|text/[a-z0-9.+-]+|application/pdf)$',
);
const mimeType = string({ pattern: MEDIA_TYPE });
/** Guide on function calling, multimodal responses. */
const responseMimeType = oneOf('image/png', 'image/jpeg', 'image/webp', 'application/pdf', 'text/plain');

/** FunctionDeclaration: "Must start with a letter or an underscore … with a maximum length of 128". */
const functionName = string({ minLength: 1, maxLength: 128, pattern: /^[a-zA-Z_][\w.:-]*$/ });

/** Bytes in JSON: base64 of either alphabet, with or without padding. */
const bytes: Shape = (value, path, report) => {
  nonEmptyText(value, path, report);
  if (typeof value !== 'string' || value === '') return;
  const digits = value.replace(/={1,2}$/, '');
  if (/[^\w+/-]/.test(digits) || digits.length % 4 === 1) report('base64', path);
};

/** The fields of the oneof `data`: a part has exactly one of them. */
const DATA = {
  'text?': text,
  'inlineData?': object({ mimeType, data: base64, 'displayName?': text }),
  'fileData?': object({ 'mimeType?': mimeType, fileUri: nonEmptyText, 'displayName?': text }),
  'functionCall?': object({ name: functionName, 'args?': record, 'id?': nonEmptyText }),
  'functionResponse?': object({
    name: functionName,
    response: record,
    'id?': nonEmptyText,
    'parts?': array(
      object({
        'inlineData?': object({ mimeType: responseMimeType, data: base64, 'displayName?': text }),
        'fileData?': object({ mimeType: responseMimeType, fileUri: nonEmptyText, 'displayName?': text }),
      }),
    ),
    'willContinue?': boolean,
    'scheduling?': oneOf('SILENT', 'WHEN_IDLE', 'INTERRUPT'),
  }),
  'executableCode?': object({ code: text, language: text, 'id?': text }),
  'codeExecutionResult?': object({ outcome: text, 'output?': text, 'id?': text }),
  'toolCall?': record,
  'toolResponse?': record,
};

const part = object({
  ...DATA,
  'thought?': boolean,
  'thoughtSignature?': bytes,
  'videoMetadata?': record,
  'mediaResolution?': record,
  'mediaProcessing?': record,
  'speechMetadata?': record,
  'partMetadata?': record,
});

const DATA_FIELDS = Object.keys(DATA).map((name) => name.replace('?', ''));

/** The names of the data fields that a part has. */
export function dataFieldsOf(part: Record<string, unknown>): string[] {
  return DATA_FIELDS.filter((name) => isPresent(part[name]));
}

export const content = object({ role: oneOf('user', 'model'), parts: array(part, { minItems: 1 }) });

export const systemInstruction = object({
  'role?': oneOf('user', 'system'),
  parts: array(object({ text: nonEmptyText }), { minItems: 1 }),
});
