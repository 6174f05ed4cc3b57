/** A JSON object, and where it stands. */
export interface Located {
  path: string;
  fields: Record<string, unknown>;
}

/** Whether a value is a JSON object: neither null, nor an array, nor an instance of a class. */
export function isObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The objects of a list. Whatever is malformed is left out, because its shape is reported elsewhere. */
export function objectsIn(list: unknown, path: string): Located[] {
  if (!Array.isArray(list)) return [];
  return (list as unknown[]).flatMap((fields, index) =>
    isObject(fields) ? [{ path: `${path}[${index}]`, fields }] : [],
  );
}

export function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

export function isJsonObject(text: string): boolean {
  try {
    return isObject(JSON.parse(text));
  } catch {
    return false;
  }
}

export function fieldPath(path: string, name: string): string {
  if (!/^[\w$]+$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}

/** How a value is named in a message. Long texts are cut. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : typeName(value);
}

export function typeName(value: unknown): string {
  if (!isPresent(value)) return String(value);
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}
