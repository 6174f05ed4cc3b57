/** A JSON schema with the keywords that the OpenAPI document uses. */
export type Schema = Record<string, any>;

/** The violations of the schema in `value`, each as `path: violation`. Reports keywords that it does not support. */
export function schemaViolations(value: unknown, schema: Schema, document: Schema, path = '$'): string[] {
  const unknown = Object.keys(schema).filter((keyword) => !KEYWORDS.has(keyword));
  if (unknown.length) return [`${path}: unknown keywords ${unknown.join(', ')}`];
  if (schema.$ref) return schemaViolations(value, resolve(schema.$ref as string, document), document, path);
  const parts: Schema[] = schema.oneOf ?? schema.anyOf ?? [];
  const fitting = parts.filter((each) => schemaViolations(value, each, document, path).length === 0).length;
  if (parts.length && fitting === 0) return [`${path}: fits none of ${parts.length}`];
  if (schema.oneOf && fitting > 1) return [`${path}: fits ${fitting} of ${parts.length}`];
  const violations = ((schema.allOf ?? []) as Schema[]).flatMap((each) =>
    schemaViolations(value, each, document, path),
  );
  if (schema.nullable && value === null) return violations;
  if (schema.type && !isOf(value, schema.type as string))
    return [...violations, `${path}: is no ${schema.type}`];
  if (schema.enum && !(schema.enum as unknown[]).includes(value))
    violations.push(`${path}: is not a value of the enum`);
  if (typeof value === 'number' && schema.minimum !== undefined && value < schema.minimum)
    violations.push(`${path}: too small`);
  if (Array.isArray(value)) {
    if (schema.minItems !== undefined && value.length < schema.minItems)
      violations.push(`${path}: too short`);
    if (schema.maxItems !== undefined && value.length > schema.maxItems) violations.push(`${path}: too long`);
    if (schema.items)
      violations.push(
        ...value.flatMap((item, index) =>
          schemaViolations(item, schema.items as Schema, document, `${path}[${index}]`),
        ),
      );
  } else if (typeof value === 'object' && value !== null) {
    const fields = value as Record<string, unknown>;
    const properties = (schema.properties ?? {}) as Record<string, Schema>;
    for (const name of (schema.required ?? []) as string[]) {
      if (!Object.hasOwn(fields, name)) violations.push(`${path}.${name}: is missing`);
    }
    for (const [name, field] of Object.entries(fields)) {
      if (properties[name])
        violations.push(...schemaViolations(field, properties[name], document, `${path}.${name}`));
      else if (!schema.additionalProperties && schema.properties)
        violations.push(`${path}.${name}: is not documented`);
    }
  }
  return violations;
}

/** The schema at a reference such as `#/components/schemas/X`. */
export function resolve(ref: string, document: Schema): Schema {
  const found = ref
    .slice(2)
    .split('/')
    .reduce<any>((node, key) => node?.[key.replaceAll('~1', '/').replaceAll('~0', '~')], document);
  if (!found) throw new Error(`${ref} is not in the document`);
  return found as Schema;
}

const KEYWORDS = new Set(
  (
    '$ref oneOf anyOf allOf type enum minimum maximum minItems maxItems nullable items properties required additionalProperties ' +
    'description example examples default format minLength maxLength exclusiveMinimum title'
  ).split(' '),
);

function isOf(value: unknown, type: string): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}
