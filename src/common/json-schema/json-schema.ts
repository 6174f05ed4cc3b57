type JsonType = 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object';

/** The keywords of JSON Schema that the schemas of this API use. */
export interface JsonSchema {
  /** One type, or the types that are allowed. */
  readonly type: JsonType | readonly JsonType[];
  /** The name of the schema in the documents, see `nameSchemas`. */
  readonly title?: string;
  readonly description?: string;
  readonly example?: unknown;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  /** Set to true, it also lets TypeScript read fields that the schema does not name. */
  readonly additionalProperties?: boolean;
}

/**
 * The TypeScript type of the values that a schema accepts. The schema must be declared `as const`. An optional field may
 * be null, because null counts as absent in this API.
 */
export type FromSchema<Schema> = Schema extends { enum: readonly (infer Value)[] }
  ? Value
  : Schema extends { type: 'string' }
    ? string
    : Schema extends { type: 'integer' | 'number' }
      ? number
      : Schema extends { type: 'boolean' }
        ? boolean
        : Schema extends { type: 'array'; items: infer Item }
          ? FromSchema<Item>[]
          : Schema extends { type: 'object' }
            ? ObjectFrom<Schema>
            : Schema extends { type: readonly (infer Type)[] }
              ? FromEachType<Schema, Type>
              : unknown;

type FromEachType<Schema, Type> = Type extends unknown
  ? FromSchema<Omit<Schema, 'type'> & { type: Type }>
  : never;

type ObjectFrom<Schema> = FieldsFrom<Schema> &
  (Schema extends { additionalProperties: true } ? Record<string, unknown> : unknown);

type FieldsFrom<Schema> = Schema extends { properties: infer Properties }
  ? {
      [Name in keyof Properties as Name extends RequiredOf<Schema> ? Name : never]: FromSchema<
        Properties[Name]
      >;
    } & {
      [Name in keyof Properties as Name extends RequiredOf<Schema> ? never : Name]?: FromSchema<
        Properties[Name]
      > | null;
    }
  : unknown;

type RequiredOf<Schema> = Schema extends { required: readonly (infer Name)[] } ? Name : never;
