import { createParamDecorator, type ExecutionContext, type Type } from '@nestjs/common';
import { ApiBody, ApiQuery } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { BodyValidationPipe } from './body-validation.pipe.js';
import { QueryValidationPipe } from './query-validation.pipe.js';

const RequestBody = createParamDecorator(
  (_: Type, context: ExecutionContext) => context.switchToHttp().getRequest<FastifyRequest>().body,
);
const RequestQuery = createParamDecorator(
  (_: Type, context: ExecutionContext) => context.switchToHttp().getRequest<FastifyRequest>().query,
);

/** Bodies that a route accepts as they stand, by name. Swagger UI fills in the first. */
export type BodyExamples = Record<string, { summary: string; value: object }>;

/**
 * The body of the request as `dto`, validated by `BodyValidationPipe`. Used instead of Nest's `@Body()`, because the
 * global pipes of a host application, such as its `ValidationPipe`, process `@Body()` first and do not know our DTOs.
 */
export function ValidatedBody(dto: Type, examples?: BodyExamples): ParameterDecorator {
  return documented(RequestBody(dto, BodyValidationPipe), ApiBody({ type: dto, examples }));
}

/** The query parameters of the request as `dto`, validated by `QueryValidationPipe`. Used instead of Nest's `@Query()`. */
export function ValidatedQuery(dto: Type): ParameterDecorator {
  return documented(RequestQuery(dto, QueryValidationPipe), ApiQuery({ type: dto }));
}

/** @nestjs/swagger does not read custom parameter decorators: the parameter is documented on its method. */
function documented(parameter: ParameterDecorator, documentation: MethodDecorator): ParameterDecorator {
  return (target, key, index) => {
    if (key === undefined) throw new Error('a constructor has no request');
    parameter(target, key, index);
    documentation(target, key, Object.getOwnPropertyDescriptor(target, key) ?? {});
  };
}
