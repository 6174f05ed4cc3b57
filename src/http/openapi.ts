import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { nameSchemas } from '../common/openapi/named-schemas.js';

/** Version of the API, not of the package: it changes only if clients must change. */
const API_VERSION = '1.0';

/** The tags of the operations, in the order of the page. */
const TAGS = {
  conversations: 'The record of a conversation: token budget, window policy, metadata',
  events: 'The append-only log: append events and read them',
  window: 'The part of a conversation that goes to the model',
  compaction: 'Replace a range of the log for the model, for example by a summary',
  calibrations: 'What usage reports have taught about how models count tokens',
  audit: 'Who made, changed and erased what in the namespace',
  stream: 'Follow the changes of a conversation',
  operation: 'Health, metrics and documents of the service; no key needed',
};

/** Serves Swagger UI at `/docs` and the OpenAPI document at `/docs-json` and `/docs-yaml`. */
export function serveApiDocs(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () => apiDocument(app), {
    jsonDocumentUrl: 'docs-json',
    yamlDocumentUrl: 'docs-yaml',
  });
}

/** Builds the OpenAPI document from the controllers, and adds what decorators cannot say. */
export function apiDocument(app: NestFastifyApplication): OpenAPIObject {
  const document = SwaggerModule.createDocument(app, generalPart());
  const schemas = (document.components?.schemas ?? {}) as Record<string, object>;
  for (const operation of operationsOf(document)) {
    operation.security ??= []; // public; a missing list could mean that it was forgotten
    forbidUnknownFields(operation, schemas);
    documentRequestIdHeader(operation);
  }
  return nameSchemas(document);
}

/** The document without operations and schemas. */
function generalPart(): Omit<OpenAPIObject, 'paths'> {
  const builder = new DocumentBuilder()
    .setTitle('Fastpaca')
    .setDescription(
      'The context store for LLM applications: an append-only log per conversation, and the part of it that fits a ' +
        "model's token budget.",
    )
    .setVersion(API_VERSION)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/', 'The service that sent this document')
    .addSecurity('bearer', {
      type: 'http',
      scheme: 'bearer',
      description: 'An API key; not needed if the service is configured without keys',
    })
    .addGlobalParameters({
      name: 'x-request-id',
      in: 'header',
      required: false,
      description:
        'Id of the request, returned with the response; the server generates one if it is missing or malformed',
      schema: { type: 'string', maxLength: 128 },
    });
  for (const [name, description] of Object.entries(TAGS)) builder.addTag(name, description);
  return builder.build();
}

/** The parts of an operation that are changed here; @nestjs/swagger types them as possible references. */
interface Operation {
  requestBody?: { content: Record<string, { schema: { $ref: string } } | undefined> };
  responses?: Record<string, { headers?: Record<string, unknown> }>;
  security?: object[];
}

function operationsOf({ paths }: OpenAPIObject): Operation[] {
  return Object.values(paths).flatMap((path) => Object.values(path as Record<string, Operation>));
}

/** `BodyValidationPipe` rejects fields that a body's DTO does not declare. */
function forbidUnknownFields({ requestBody }: Operation, schemas: Record<string, object>): void {
  const name = requestBody?.content['application/json']?.schema.$ref.split('/').at(-1);
  if (name) Object.assign(schemas[name] ?? {}, { additionalProperties: false });
}

function documentRequestIdHeader({ responses = {} }: Operation): void {
  const requestId = { description: 'Id of the request', schema: { type: 'string' } };
  for (const response of Object.values(responses)) {
    response.headers = { 'x-request-id': requestId, ...response.headers };
  }
}
