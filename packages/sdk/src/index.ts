export { createClient, type Client } from './client.js';
export type { ClientOptions } from './client-options.js';
export type { Context } from './context.js';
export type { ContextBuilder } from './context-builder.js';
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
export { fastpaca, fastpaca as default } from './fastpaca.js';
export { modelContent } from './messages.js';
export type {
  ContextStream,
  StreamContext,
  StreamedAnswer,
  StreamHandler,
  StreamHandlerContext,
  StreamOptions,
  SystemMessages,
} from './stream/context-stream.js';
export type * from './types.js';
