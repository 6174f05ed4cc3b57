import { nameSchemas } from '../common/openapi/named-schemas.js';
import { FRAME_SCHEMAS } from './frame-schemas.js';

/** The websocket as an AsyncAPI 3 document: https://www.asyncapi.com/docs/reference/specification/v3.0.0. */
export function asyncApiDocument(): Record<string, unknown> {
  const frames = Object.entries(FRAME_SCHEMAS);
  const messages = Object.fromEntries(
    frames.map(([type, payload]) => [type, { name: type, summary: payload.description, payload }]),
  );
  const references = Object.fromEntries(
    frames.map(([type]) => [type, { $ref: `#/components/messages/${type}` }]),
  );
  return nameSchemas({
    asyncapi: '3.0.0',
    info: {
      title: 'Fastpaca stream',
      version: '1.0',
      description:
        'Follow a conversation: each change once, in version order. A rejected upgrade gets a plain HTTP error response.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      tags: [{ name: 'stream', description: 'Follow the changes of a conversation' }],
    },
    servers: {
      service: {
        host: '{host}',
        protocol: 'ws',
        description: 'The service that sent this document; `wss` if a proxy in front of it ends TLS',
        variables: { host: { default: 'localhost:4000', description: 'Host and port of the service' } },
      },
    },
    channels: {
      stream: {
        address: '/v1/conversations/{id}/stream',
        parameters: { id: { description: "The caller's id of the conversation, percent-encoded" } },
        messages: {
          ...references,
          pong: {
            name: 'pong',
            summary: 'Any frame from the reader shows that it is alive',
            payload: { type: 'object' },
          },
        },
        bindings: {
          ws: {
            method: 'GET',
            query: {
              type: 'object',
              properties: {
                cursor: {
                  type: 'integer',
                  minimum: 0,
                  description: 'The last version you have received; 0 for all changes',
                },
                includeEvents: { type: 'boolean', default: true },
                include_events: { type: 'boolean', default: true },
              },
            },
            headers: {
              type: 'object',
              properties: {
                authorization: {
                  type: 'string',
                  description: '`Bearer <key>`, if the service is configured with keys',
                },
              },
            },
          },
        },
      },
    },
    operations: {
      follow: {
        action: 'send',
        summary: 'Frames that the service sends',
        description:
          'First the changes after `cursor`, then each change when it happens, and a `ping` from time to time.',
        channel: { $ref: '#/channels/stream' },
        messages: frames.map(([type]) => ({ $ref: `#/channels/stream/messages/${type}` })),
      },
      showLife: {
        action: 'receive',
        summary: 'Frames that a reader may send',
        description:
          'Any frame is a sign of life. The service closes a connection that shows none, not even a protocol pong.',
        channel: { $ref: '#/channels/stream' },
        messages: [{ $ref: '#/channels/stream/messages/pong' }],
      },
    },
    components: { messages },
  });
}
