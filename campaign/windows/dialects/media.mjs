// The files of a story, as data.
import { PDF, PNG, WAV } from '../words.mjs';

const TYPES = {
  image: 'image/png',
  pdf: 'application/pdf',
  audio: 'audio/wav',
  text: 'text/plain',
  video: 'video/mp4',
};
const ODD_TYPES = {
  image: 'image/tiff',
  pdf: 'application/zip',
  audio: 'audio/ogg',
  text: 'text/csv',
  video: 'video/webm',
};
const DATA = { image: PNG, pdf: PDF, audio: WAV, text: 'SGVsbG8=', video: 'AAAAGGZ0eXA=' };
const ENDINGS = { image: 'png', pdf: 'pdf', audio: 'wav', text: 'txt', video: 'mp4' };

/**
 * @param media `{ kind, form, isOdd }` of a story
 * @returns `{ kind, form, type, data, url, dataUrl, fileId, filename }`
 */
export function fileOf({ kind, form, isOdd = false }) {
  const type = (isOdd ? ODD_TYPES : TYPES)[kind];
  const filename = `file.${ENDINGS[kind]}`;
  return {
    kind,
    form,
    type,
    data: DATA[kind],
    url: `https://example.com/${filename}`,
    dataUrl: `data:${type};base64,${DATA[kind]}`,
    fileId: 'file-abc123',
    filename,
  };
}

/** The URL of a file: a data URL, unless the story says that it is on the web. */
export function urlOf(file) {
  return file.form === 'url' ? file.url : file.dataUrl;
}
