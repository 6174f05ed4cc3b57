import { isObject } from '../json/is-object.js';

const SCHEMAS = '#/components/schemas/';

interface Components {
  schemas?: Record<string, unknown>;
}

/** Keywords whose values are data, not schemas. */
const DATA_KEYWORDS = new Set(['default', 'enum', 'example', 'examples']);

/**
 * Names schemas in an OpenAPI or AsyncAPI document: a schema with a `title` becomes `components.schemas.<title>`, and a
 * reference takes its place. Code generators make one type of it, however often it is used.
 *
 * The documents of a host application are not changed: there the schemas are inline, and its names stay free.
 *
 * @throws Error two different schemas have the same title
 */
export function nameSchemas<Document extends object>(document: Document): Document {
  const { components, ...others } = document as { components?: Components };
  const { schemas = {}, ...otherComponents } = components ?? {};
  const names = new SchemaNames(schemas);
  const content = names.applyTo({ ...others, components: otherComponents });
  return { ...content, components: { ...content.components, schemas: names.schemas() } } as Document;
}

class SchemaNames {
  private readonly named = new Map<string, unknown>();
  /** References to components that have a title, and their replacements. */
  private readonly references = new Map<unknown, string>();

  constructor(components: Record<string, unknown>) {
    for (const [name, schema] of Object.entries(components))
      this.references.set(SCHEMAS + name, SCHEMAS + (titleOf(schema) ?? name));
    for (const [name, schema] of Object.entries(components)) {
      const content = this.applyTo(schema);
      if (titleOf(schema) === undefined) this.add(name, content);
    }
  }

  /** All schemas by name, in alphabetical order. */
  schemas(): Record<string, unknown> {
    return Object.fromEntries([...this.named].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  applyTo<Node>(node: Node): Node;
  applyTo(node: unknown): unknown {
    if (Array.isArray(node)) return node.map((item: unknown) => this.applyTo(item));
    if (!isObject(node)) return node;
    const content = this.applyToFields(node);
    const title = titleOf(node);
    if (title === undefined) return content;
    const { title: _, ...schema } = content;
    this.add(title, schema);
    return { $ref: SCHEMAS + title };
  }

  private applyToFields(node: Record<string, unknown>): Record<string, unknown> {
    const fields = Object.entries(node).map(([key, value]): [string, unknown] => {
      if (key === '$ref') return [key, this.references.get(value) ?? value];
      if (key === 'properties' && isObject(value)) return [key, this.applyToEach(value)];
      return [key, DATA_KEYWORDS.has(key) ? value : this.applyTo(value)];
    });
    return Object.fromEntries(fields);
  }

  /** A property may have the name of a keyword. */
  private applyToEach(properties: Record<string, unknown>): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(properties).map(([name, schema]) => [name, this.applyTo(schema)]),
    );
  }

  private add(name: string, schema: unknown): void {
    const known = this.named.get(name);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema))
      throw new Error(`Two different schemas are called ${name}`);
    this.named.set(name, schema);
  }
}

/** The title of a schema. `info` of a document has a title too, and is no schema. */
function titleOf(node: unknown): string | undefined {
  if (!isObject(node) || typeof node.title !== 'string') return undefined;
  return 'type' in node || 'oneOf' in node ? node.title : undefined;
}
