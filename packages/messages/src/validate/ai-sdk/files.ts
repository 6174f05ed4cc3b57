import { dataUrl, webUrl } from '../media.js';
import {
  anything,
  base64,
  byField,
  nonEmptyText,
  object,
  record,
  typed,
  variants,
  type Shape,
} from '../shape.js';

const inlineFile = dataUrl();

/** A URL or base64, as the AI SDK tells them apart: by whether the text parses as a URL. */
const fileText: Shape = (value, path, report) => {
  if (typeof value === 'string' && value.startsWith('data:')) inlineFile(value, path, report);
  else if (typeof value === 'string' && /^[a-z][a-z0-9+.-]*:/i.test(value)) webUrl(value, path, report);
  else base64(value, path, report);
};

const url = typed('a URL', (value) => Object.prototype.toString.call(value) === '[object URL]');

/** Bytes and URLs stand for themselves. They do not survive JSON, but the AI SDK accepts them. */
const fileContent: Shape = (value, path, report) => {
  const tag = Object.prototype.toString.call(value);
  if (!['[object Uint8Array]', '[object ArrayBuffer]', '[object URL]'].includes(tag))
    fileText(value, path, report);
};

/** Bytes, URLs and texts of every version; objects that say what they are from version 7 on. */
export function fileData(version: number): Shape {
  const tagged = variants('type', {
    data: object({ type: anything, data: fileContent }),
    url: object({ type: anything, url }),
    reference: object({ type: anything, reference: record }),
    text: object({ type: anything, text: nonEmptyText }),
  });
  const structured = byField({ type: tagged }, record);
  return (value, path, report) =>
    (version >= 7 && Object.prototype.toString.call(value) === '[object Object]' ? structured : fileContent)(
      value,
      path,
      report,
    );
}
