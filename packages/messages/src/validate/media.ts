import { shown } from './json.js';
import { base64, nonEmptyText, object, oneOf, string, text, type Shape } from './shape.js';

const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'];

/** How the base64 of an image begins, by media type. */
const IMAGE_STARTS: Record<string, string> = {
  'image/jpeg': '/9j/',
  'image/png': 'iVBORw0KGgo',
  'image/gif': 'R0lGOD',
  'image/webp': 'UklGR',
};

export const httpsUrl = string({ pattern: /^https:\/\/\S+$/ });
export const webUrl = string({ pattern: /^https?:\/\/\S+$/ });

/** A data URL with valid base64. @param mediaTypes the allowed ones; default any */
export function dataUrl(mediaTypes?: readonly string[]): Shape {
  const allowed = mediaTypes ? oneOf(...mediaTypes) : nonEmptyText;
  return (value, path, report) => {
    text(value, path, report);
    if (typeof value !== 'string') return;
    const [head, mediaType] = /^data:([^;,]+);base64,/.exec(value) ?? [];
    if (head === undefined) {
      report('pattern', path, 'expected data:<media type>;base64,<data>');
    } else {
      allowed(mediaType, path, report);
      base64(value.slice(head.length), path, report);
    }
  };
}

/** The address of an image, or the image itself as a data URL. */
export const imageUrl: Shape = (value, path, report) =>
  (typeof value === 'string' && value.startsWith('data:') ? inlineImage : webUrl)(value, path, report);

const inlineImage = dataUrl(IMAGE_TYPES);

/** The inline image of Anthropic. It reads the first bytes and refuses a media type that they contradict. */
export const base64Image: Shape = (value, path, report) => {
  object({ type: text, media_type: oneOf(...IMAGE_TYPES), data: base64 })(value, path, report);
  const { media_type: declared, data } = (value ?? {}) as Record<string, unknown>;
  if (typeof data !== 'string' || typeof declared !== 'string') return;
  const actual = IMAGE_TYPES.find((type) => data.startsWith(IMAGE_STARTS[type] ?? ''));
  if (actual && actual !== declared && IMAGE_TYPES.includes(declared)) {
    report(
      'value',
      `${path}.media_type`,
      `got ${shown(declared)}, but the image appears to be a ${actual} image`,
    );
  }
};
