import { fieldPath, isObject, isPresent, shown, typeName } from './json.js';
import type { Report, Rule } from './violation.js';

/** The rules that every format has: what JSON may stand where. */
export const SHAPE_RULES = {
  type: { demand: 'The value has the wrong type', source: 'API reference of every provider' },
  required: { demand: 'A required field is missing', source: 'API reference of every provider' },
  'unknown-field': {
    demand: 'The provider does not know this field',
    source:
      'Anthropic: "Extra inputs are not permitted"; OpenAI: "Unknown parameter"; Gemini: "Cannot find field"',
  },
  value: { demand: 'The value is not one of those allowed here', source: 'API reference of every provider' },
  empty: {
    demand: 'The value must not be empty',
    source: 'OpenAI: "empty array"; Anthropic: "at least 1 item"',
  },
  blank: {
    demand: 'The text must contain more than white space',
    source: 'Anthropic: "text content blocks must contain non-whitespace text"',
  },
  'too-long': {
    demand: 'The value is too long',
    source: 'OpenAI: "string too long"; Anthropic: "at most 200 characters"',
  },
  pattern: {
    demand: 'The text does not match the pattern',
    source: 'OpenAI: "string does not match pattern"; Anthropic: "String should match pattern"',
  },
  base64: { demand: 'The text is not valid base64', source: 'Anthropic: "invalid base64 data"' },
  'part-role': {
    demand: 'A message of this role cannot contain such a part',
    source:
      'Anthropic: "`tool_result` blocks can only be in `user` messages"; OpenAI: "Image URLs are only allowed for ' +
      "messages with role 'user'\"",
  },
  unicode: {
    demand: 'The text contains a lone surrogate',
    source: 'Anthropic: "no low surrogate in string"; UTF-8 has no bytes for it',
  },
} satisfies Record<string, Rule>;

export type ShapeRule = keyof typeof SHAPE_RULES;

/** Checks one value and reports what is wrong with it. Never throws. */
export type Shape = (value: unknown, path: string, report: Report<ShapeRule>) => void;

export interface StringLimits {
  minLength?: number;
  maxLength?: number;
  pattern?: RegExp;
}

export function string({ minLength = 0, maxLength = Infinity, pattern }: StringLimits = {}): Shape {
  return (value, path, report) => {
    if (typeof value !== 'string') report('type', path, `expected a string, got ${typeName(value)}`);
    else if (value.length < minLength) report('empty', path);
    else if (value.length > maxLength)
      report('too-long', path, `${value.length} of at most ${maxLength} characters`);
    else if (pattern && !pattern.test(value)) report('pattern', path, String(pattern));
  };
}

export const text = string();
export const nonEmptyText = string({ minLength: 1 });
/** Source: OpenAI, "Invalid 'prompt_cache_key': string too long. Expected a string with maximum length 64". */
export const promptCacheKey = string({ minLength: 1, maxLength: 64 });

/** A string with at least one character that is not white space. */
export const visibleText: Shape = (value, path, report) => {
  text(value, path, report);
  if (typeof value === 'string' && !/\S/.test(value)) report('blank', path);
};

/** Standard base64 with padding, at least one byte. */
export const base64: Shape = (value, path, report) => {
  nonEmptyText(value, path, report);
  if (typeof value === 'string' && value !== '' && !isBase64(value)) report('base64', path);
};

export const boolean = typed('a boolean', (value) => typeof value === 'boolean');
export const number = typed('a number', (value) => typeof value === 'number');
/** An object with any fields. */
export const record = typed('an object', isObject);
/** Any value; the field must be there. */
export const anything: Shape = () => undefined;

export function oneOf(...allowed: string[]): Shape {
  return (value, path, report) => {
    if (!allowed.includes(value as string)) {
      report('value', path, `got ${shown(value)}, allowed are ${allowed.map(shown).join(', ')}`);
    }
  };
}

export function nullable(shape: Shape): Shape {
  return (value, path, report) => {
    if (value !== null) shape(value, path, report);
  };
}

export function array(item: Shape, { minItems = 0, maxItems = Infinity } = {}): Shape {
  return (value, path, report) => {
    if (!Array.isArray(value)) {
      report('type', path, `expected an array, got ${typeName(value)}`);
      return;
    }
    if (value.length < minItems) report('empty', path);
    if (value.length > maxItems) report('too-long', path, `${value.length} of at most ${maxItems} items`);
    value.forEach((element, index) => item(element, `${path}[${index}]`, report));
  };
}

/** `plain` for a string, else `structured`. */
export function stringOr(structured: Shape, plain: Shape = text): Shape {
  return (value, path, report) => (typeof value === 'string' ? plain : structured)(value, path, report);
}

/**
 * An object with these fields. A name that ends with `?` is optional. `undefined` counts as absent, as in JSON.
 *
 * @param open also accept fields that are not listed
 */
export function object(fields: Record<string, Shape>, { open = false } = {}): Shape {
  const shapes = new Map(
    Object.entries(fields).map(([name, shape]) => [
      name.replace(/\?$/, ''),
      { shape, optional: name.endsWith('?') },
    ]),
  );
  return (value, path, report) => {
    if (!isObject(value)) {
      record(value, path, report);
      return;
    }
    for (const [name, { shape, optional }] of shapes) {
      const at = fieldPath(path, name);
      if (value[name] !== undefined) shape(value[name], at, report);
      else if (!optional) report('required', at);
    }
    if (open) return;
    for (const name of Object.keys(value)) {
      if (!shapes.has(name) && value[name] !== undefined) report('unknown-field', fieldPath(path, name));
    }
  };
}

/** An object whose shape depends on the value of one field. */
export function variants(field: string, shapes: Record<string, Shape>): Shape {
  const discriminator = oneOf(...Object.keys(shapes));
  return (value, path, report) => {
    if (!isObject(value)) {
      record(value, path, report);
      return;
    }
    const name = value[field];
    if (typeof name === 'string' && Object.hasOwn(shapes, name)) shapes[name]?.(value, path, report);
    else discriminator(name, fieldPath(path, field), report);
  };
}

/** Chooses the shape by the first of these fields that is neither absent nor null. */
export function byField(shapes: Record<string, Shape>, otherwise: Shape): Shape {
  return (value, path, report) => {
    const fields = isObject(value) ? value : {};
    const [, shape] = Object.entries(shapes).find(([name]) => isPresent(fields[name])) ?? [];
    (shape ?? otherwise)(value, path, report);
  };
}

/**
 * The content parts of each role, by the value of their field `type`.
 *
 * @returns the shape of a part, by role. A part of another role is a `part-role`, not a `value`.
 */
export function partsByRole<Role extends string>(
  parts: Record<Role, Record<string, Shape>>,
): Record<Role, Shape> {
  const roles = Object.entries<Record<string, Shape>>(parts);
  const known = new Set(roles.flatMap(([, shapes]) => Object.keys(shapes)));
  const shapeFor = (shapes: Record<string, Shape>): Shape => {
    const part = variants('type', shapes);
    return (value, path, report) => {
      const type = isObject(value) ? value.type : undefined;
      const isMisplaced = typeof type === 'string' && known.has(type) && !Object.hasOwn(shapes, type);
      if (isMisplaced) report('part-role', path, `got ${shown(type)}`);
      else part(value, path, report);
    };
  };
  return Object.fromEntries(roles.map(([role, shapes]) => [role, shapeFor(shapes)])) as Record<Role, Shape>;
}

export function typed(name: string, matches: (value: unknown) => boolean): Shape {
  return (value, path, report) => {
    if (!matches(value)) report('type', path, `expected ${name}, got ${typeName(value)}`);
  };
}

/** Searches for a wrong character instead of matching the whole text: a match of megabytes can exceed the stack of the engine. */
function isBase64(value: string): boolean {
  const digits = value.replace(/={1,2}$/, '');
  return value.length % 4 === 0 && !/[^A-Za-z0-9+/]/.test(digits);
}
