import { webUrl } from '../media.js';
import {
  anything,
  array,
  base64,
  nonEmptyText,
  record,
  stringOr,
  text,
  variants,
  type Shape,
} from '../shape.js';
import { fileData } from './files.js';
import { part } from './part.js';

/** The parts of a tool result with files, by the version that introduced them. */
function outputPart(version: number): Shape {
  const idText = stringOr(record, nonEmptyText);
  const file = { data: base64, mediaType: nonEmptyText };
  return variants('type', {
    text: part({ text }),
    ...(version < 7 && { media: part(file) }),
    ...(version >= 6 && {
      'file-data': part({ ...file, 'filename?': text }),
      'file-url': part({ url: webUrl, 'mediaType?': text }),
      'file-id': part({ fileId: idText }),
      'image-data': part(file),
      'image-url': part({ url: webUrl }),
      'image-file-id': part({ fileId: idText }),
      custom: part({}),
    }),
    ...(version >= 7 && {
      file: part({ data: fileData(version), mediaType: nonEmptyText }),
      'file-reference': part({ providerReference: record }),
      'image-file-reference': part({ providerReference: record }),
    }),
  });
}

/** `output` of a tool result, by version. */
export function output(version: number): Shape {
  return variants('type', {
    text: part({ value: text }),
    json: part({ value: anything }),
    'error-text': part({ value: text }),
    'error-json': part({ value: anything }),
    content: part({ value: array(outputPart(version)) }),
    ...(version >= 6 && { 'execution-denied': part({ 'reason?': text }) }),
  });
}
