import { objectsIn, type Located } from '../json.js';

export interface Content {
  role: unknown;
  path: string;
  parts: Located[];
}

export function contentsOf(contents: unknown): Content[] {
  return objectsIn(contents, 'contents').map(({ path, fields }) => ({
    role: fields.role,
    path,
    parts: objectsIn(fields.parts, `${path}.parts`),
  }));
}
