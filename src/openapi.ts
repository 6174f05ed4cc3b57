import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { FRAME_SCHEMAS, frameSchemaName } from './stream/frame-schemas.js';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';

/** Of the API, not of the package: it moves when a client has to. */
const API_VERSION = '1.0';

/** Builds the OpenAPI document from the controllers. */
export function apiDocument(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Fastpaca')
    .setDescription(
      'The context store for LLM applications: an append-only log per conversation, and the slice of it that fits a ' +
        "model's token budget.",
    )
    .setVersion(API_VERSION)
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key, if the service has any' })
    .addGlobalParameters({
      name: 'x-request-id',
      in: 'header',
      required: false,
      description: 'Comes back with the answer; without it, or if it is not sane, the server makes one',
      schema: { type: 'string', maxLength: 128 },
    })
    .build();
  const document = SwaggerModule.createDocument(app, config);
  const schemas = ((document.components ??= {}).schemas ??= {});
  for (const [type, schema] of Object.entries(FRAME_SCHEMAS)) schemas[frameSchemaName(type)] = schema;
  for (const path of Object.values(document.paths)) {
    for (const operation of Object.values(path as Record<string, Operation>)) {
      // Envelopes are strict: RequestValidationPipe refuses every other field.
      const envelope = operation.requestBody?.content['application/json']?.schema.$ref.split('/').at(-1);
      if (envelope) Object.assign(schemas[envelope] ?? {}, { additionalProperties: false });
      for (const response of Object.values(operation.responses ?? {})) {
        response.headers = {
          'x-request-id': { description: 'Id of the request', schema: { type: 'string' } },
          ...response.headers,
        };
      }
    }
  }
  return document;
}

interface Operation {
  requestBody?: { content: Record<string, { schema: { $ref: string } } | undefined> };
  responses?: Record<string, { headers?: Record<string, unknown> }>;
}

/** Swagger UI at `/docs`, the document at `/docs-json`. */
export function serveApiDocs(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () => apiDocument(app), {
    jsonDocumentUrl: 'docs-json',
    yamlDocumentUrl: 'docs-yaml',
  });
}
