import { Catch, HttpException, HttpStatus, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { log } from '../logging/logger.js';
import { AppError } from '../errors/app-error.js';
import {
  InvalidPayloadError,
  PayloadTooLargeError,
  RouteNotFoundError,
  UnsupportedMediaTypeError,
} from '../errors/common.errors.js';
import { errorBody, errorHeaders } from './error-body.js';
import { invalidPathEncoding } from './path-encoding.js';

/** Answers every error of a controller of Fastpaca in the shape of the API. */
@Catch()
export class ApiErrorFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendError(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }
}

/**
 * Answers an `AppError` of any controller in the shape of the API: a team's controller may throw its own, and the services
 * of Fastpaca throw theirs.
 */
@Catch(AppError)
export class AppErrorFilter extends ApiErrorFilter {}

/** As the filter, for errors that Fastify raises before a request reaches Nest. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = toKnownError(error);
  if (!known) log.error({ err: error, request_id: request.id }, 'unexpected error');
  else if (known.cause) log.warn({ err: known.cause, request_id: request.id }, known.message);
  if (reply.sent || reply.raw.headersSent) return;
  void reply
    .code(known?.status ?? HttpStatus.INTERNAL_SERVER_ERROR)
    .headers(errorHeaders(known))
    .header('x-request-id', request.id)
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify(errorBody(known, request.id)));
}

/** The error of ours that stands for one of Fastify's or Nest's; undefined for an unexpected one. */
function toKnownError(error: unknown): AppError | undefined {
  if (error instanceof AppError) return error;
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  if (code === 'FST_ERR_BAD_URL') return invalidPathEncoding();
  // Nest wraps Fastify's errors in its own, which keep only the status.
  const status = error instanceof HttpException ? error.getStatus() : (statusCode ?? 500);
  switch (status) {
    case 404:
      return new RouteNotFoundError();
    case 413:
      return new PayloadTooLargeError('The body is too large');
    case 415:
      return new UnsupportedMediaTypeError();
    default:
      return status >= 400 && status < 500
        ? new InvalidPayloadError([{ path: '', message: 'The request is not well-formed HTTP' }])
        : undefined;
  }
}
