export { createClient, type Client } from './client/client.js';
export type { ClientOptions } from './client/client-options.js';
export type { Context } from './conversation/context.js';
export type { ContextBuilder } from './conversation/context-builder.js';
export {
  ConflictError,
  ConnectionError,
  FastpacaError,
  ForbiddenError,
  InvalidRequestError,
  NotFoundError,
  PayloadTooLargeError,
  RateLimitError,
  ServerError,
  TimeoutError,
  UnauthorizedError,
  UnavailableError,
} from './errors.js';
export { fastpaca, fastpaca as default } from './client/default-client.js';
export { modelContent } from './messages/model-content.js';
export type {
  ContextStream,
  StreamContext,
  StreamedAnswer,
  StreamHandler,
  StreamHandlerContext,
  StreamOptions,
  SystemMessages,
} from './model-answer/context-stream.js';
export type * from './types.js';
