import { Catch, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../common/errors/app-error.js';
import { sendError } from '../common/http/api-error.filter.js';

/**
 * Answers, in an application whose HTTP server belongs to Fastpaca, the errors that no controller of Fastpaca has
 * answered. Unknown routes and rejected requests get the shape of the API, and so does an `AppError` of a team's
 * controller. Other errors of such a controller keep Nest's behaviour.
 */
@Catch()
export class UnhandledErrorFilter extends BaseExceptionFilter {
  override catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const { scope, isFastpaca } = request.routeOptions.config;
    const isTeamRoute = scope !== undefined && !isFastpaca;
    if (isTeamRoute && !(error instanceof AppError)) super.catch(error, host);
    else sendError(error, request, http.getResponse<FastifyReply>());
  }
}
