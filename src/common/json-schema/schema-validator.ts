import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { Violation } from '../errors/app-error.js';
import { isObject } from '../json/is-object.js';
import type { JsonSchema } from './json-schema.js';

// TypeScript checks the schemas; to check them again with Ajv's meta-schema takes 14 ms of every start.
const ajv = new Ajv({
  allErrors: true,
  allowUnionTypes: true,
  keywords: ['example'],
  meta: false,
  validateSchema: false,
});

/** What validates the items of a list. */
interface ItemValidator {
  accepts(value: unknown): boolean;
  violations(value: unknown, path: string): Iterable<Violation>;
}

export interface SchemaValidatorOptions {
  /** What messages call the items of the list, in the plural. */
  itemName?: string;
  /** Validates the items of the list, in place of their schema. */
  items?: ItemValidator;
  /** What messages call the items of a list in a field, by the field's name; default: the field's name. */
  fieldItemNames?: Readonly<Record<string, string>>;
}

/**
 * Validates values against a JSON Schema: a list, or an object whose fields may be lists. An optional field that is null
 * counts as absent. Paths are `event.parts[0].type`, and messages say what the schema expects there.
 *
 * Ajv checks one object at a time, without the items of its lists, because it collects every error before it returns:
 * 250,000 of them for the worst body. List items are validated one by one while the caller asks for more violations.
 */
export class SchemaValidator {
  private readonly validate: ValidateFunction;
  private readonly items: ItemValidator | undefined;
  private readonly listFields: readonly (readonly [name: string, items: SchemaValidator])[];

  constructor(
    private readonly schema: JsonSchema,
    private readonly options: SchemaValidatorOptions = {},
  ) {
    // A copy: Ajv adds `null` to the types of a nullable field.
    this.validate = ajv.compile(structuredClone(withoutItems(schema)));
    this.items = options.items ?? (schema.items && new SchemaValidator(schema.items));
    this.listFields = Object.entries(schema.properties ?? {}).flatMap(([name, { items }]) =>
      items ? [[name, new SchemaValidator(items)] as const] : [],
    );
  }

  /** First the violations of the value and of its fields, then those of list items. */
  *violations(value: unknown, path: string): Generator<Violation> {
    const isValid = this.validate(value);
    if (!isValid) yield* this.describe(this.validate.errors ?? [], path);
    if (isValid && this.items) yield* itemViolations(this.items, value as unknown[], path);
    if (!isObject(value)) return;
    for (const [name, items] of this.listFields) {
      const list = value[name];
      if (Array.isArray(list) && !list.every((item) => items.accepts(item)))
        yield* itemViolations(items, list, `${path}.${name}`);
    }
  }

  /** Whether there are no violations. Without a generator for each value, a valid one takes a fifth of the time. */
  accepts(value: unknown): boolean {
    if (!this.validate(value)) return false;
    const { items } = this;
    if (items && !(value as unknown[]).every((item) => items.accepts(item))) return false;
    return this.listFields.every(([name, itemsOfField]) => {
      const list = (value as Record<string, unknown>)[name];
      return !Array.isArray(list) || list.every((item) => itemsOfField.accepts(item));
    });
  }

  /** One violation per field, even if the field breaks several keywords of its schema. */
  private *describe(errors: readonly ErrorObject[], path: string): Generator<Violation> {
    const fields = new Set(errors.map(fieldOf));
    for (const name of fields) {
      const field = name === '' ? undefined : this.schema.properties?.[name];
      yield field
        ? {
            path: `${path}.${name}`,
            message: expectation(field, this.options.fieldItemNames?.[name] ?? name),
          }
        : { path, message: expectation(this.schema, this.options.itemName) };
    }
  }
}

function* itemViolations(validator: ItemValidator, list: readonly unknown[], path: string) {
  for (const [index, item] of list.entries()) yield* validator.violations(item, `${path}[${index}]`);
}

/** The schema of the value and its fields, without that of list items. Optional fields may be null. */
function withoutItems({ items: _, properties, ...own }: JsonSchema): object {
  if (!properties) return own;
  const fields = Object.entries(properties).map(([name, { items: __, ...field }]) => [
    name,
    own.required?.includes(name) ? field : { ...field, nullable: true },
  ]);
  return { ...own, properties: Object.fromEntries(fields) as object };
}

/** The field that an error is about; empty if it is about the value itself. */
function fieldOf({ instancePath, params }: ErrorObject): string {
  return instancePath.slice(1) || ((params as { missingProperty?: string }).missingProperty ?? '');
}

/** `must be an integer from 0 to 100`, `must be one of user, tool`, … */
export function expectation(schema: JsonSchema, itemName = 'items'): string {
  if (schema.enum) return `must be one of ${schema.enum.join(', ')}`;
  const types = [schema.type].flat();
  return `must be ${types.map((type) => described(type, schema, itemName)).join(' or ')}`;
}

function described(type: string, schema: JsonSchema, itemName: string): string {
  switch (type) {
    case 'array':
      return `a list of ${size(schema)}${itemName}`;
    case 'integer':
      return `an integer${range(schema)}`;
    case 'object':
      return 'an object';
    default:
      return `a ${type}`;
  }
}

function size({ minItems, maxItems }: JsonSchema): string {
  if (minItems === undefined) return maxItems === undefined ? '' : `at most ${maxItems} `;
  return maxItems === undefined ? `${minItems} or more ` : `${minItems} to ${maxItems} `;
}

function range({ minimum, maximum }: JsonSchema): string {
  if (minimum === undefined) return maximum === undefined ? '' : ` of at most ${maximum}`;
  return maximum === undefined ? ` of at least ${minimum}` : ` from ${minimum} to ${maximum}`;
}
