export { createClient, type Client } from './client/client.js';
export type { Conversations } from './client/conversations.js';
export { fastpaca, fastpaca as default } from './client/default-client.js';
export type { ContextBuilder } from './conversation/context-builder.js';
export type { Context } from './conversation/context.js';
export { olderMessages } from './conversation/older-messages.js';
export { toUIMessages, type UIMessage } from './conversation/ui-messages.js';
export {
  ConflictError,
  ConnectionError,
  FastpacaError,
  ForbiddenError,
  GoneError,
  InvalidRequestError,
  NotFoundError,
  PayloadTooLargeError,
  RateLimitError,
  ServerError,
  TimeoutError,
  UnauthorizedError,
  UnavailableError,
  WindowOverflowError,
} from './errors.js';
export type { ClientOptions } from './http/client-options.js';
export type {
  ContextStream,
  StreamContext,
  StreamedAnswer,
  StreamHandler,
  StreamHandlerContext,
  StreamOptions,
  SystemMessages,
} from './model-answer/context-stream.js';
export { usageOf } from './model-answer/usage.js';
export type * from './types.js';
