import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { FRAME_SCHEMAS, frameSchemaName } from '../stream/frame-schemas.js';

/** Version of the API, not of the package: it changes only if clients must change. */
const API_VERSION = '1.0';

/** Serves Swagger UI at `/docs` and the OpenAPI document at `/docs-json` and `/docs-yaml`. */
export function serveApiDocs(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () => apiDocument(app), {
    jsonDocumentUrl: 'docs-json',
    yamlDocumentUrl: 'docs-yaml',
  });
}

/** Builds the OpenAPI document from the controllers, and adds what decorators cannot say. */
export function apiDocument(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Fastpaca')
    .setDescription(
      'The context store for LLM applications: an append-only log per conversation, and the part of it that fits a ' +
        "model's token budget.",
    )
    .setVersion(API_VERSION)
    .addBearerAuth({
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
    })
    .build();
  const document = SwaggerModule.createDocument(app, config);
  const schemas = ((document.components ??= {}).schemas ??= {}) as Record<string, object>;
  for (const [type, schema] of Object.entries(FRAME_SCHEMAS)) schemas[frameSchemaName(type)] = schema;
  for (const operation of operationsOf(document)) {
    forbidUnknownFields(operation, schemas);
    documentRequestIdHeader(operation);
  }
  return document;
}

/** The parts of an operation that are changed here; @nestjs/swagger types them as possible references. */
interface Operation {
  requestBody?: { content: Record<string, { schema: { $ref: string } } | undefined> };
  responses?: Record<string, { headers?: Record<string, unknown> }>;
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
