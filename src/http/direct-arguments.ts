import type { ArgumentMetadata, ExecutionContext, PipeTransform, Type } from '@nestjs/common';
import {
  CUSTOM_ROUTE_ARGS_METADATA,
  RESPONSE_PASSTHROUGH_METADATA,
  ROUTE_ARGS_METADATA,
} from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Action } from '../common/http/route-config.js';

/** Reads one argument of a method from a request: the value, or a promise of it. */
type ReadArgument = (call: ExecutionContext) => unknown;

export interface ArgumentReader {
  /** Position among the arguments, from 0. */
  index: number;
  read: ReadArgument;
}

/** What Nest's parameter decorators store about one parameter. */
interface DeclaredParameter {
  index: number;
  data: unknown;
  pipes: (Type<PipeTransform> | PipeTransform)[];
  /** Of a decorator that `createParamDecorator` has made. */
  factory?: (data: unknown, call: ExecutionContext) => unknown;
  schema?: unknown;
}

/**
 * Readers of the arguments of a method, in the order in which Nest reads them.
 *
 * @param findPipe the instance of a pipe that a parameter names
 * @returns undefined if a parameter is declared in a way that is not known here
 */
export function argumentReaders(
  { controller, method }: Action,
  findPipe: (type: Type<PipeTransform>) => PipeTransform,
): ArgumentReader[] | undefined {
  const declared = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, method) ?? {}) as Record<
    string,
    DeclaredParameter
  >;
  const types = Reflect.getMetadata('design:paramtypes', controller.prototype as object, method) as
    Type[] | undefined;
  const readers: ArgumentReader[] = [];
  for (const [key, parameter] of Object.entries(declared)) {
    const [kind = ''] = key.split(':');
    const { index, data } = parameter;
    const extract = extractor(kind, parameter, isPassthrough(controller, method));
    if (!extract || parameter.schema !== undefined) return undefined;
    const pipes = parameter.pipes.map((pipe) => (typeof pipe === 'function' ? findPipe(pipe) : pipe));
    const metadata = { type: 'custom', metatype: types?.[index], data: data as string } as const;
    readers.push({ index, read: pipes.reduce((read, pipe) => piped(read, pipe, metadata), extract) });
  }
  return readers;
}

function isPassthrough(controller: Type, method: string): boolean {
  return Reflect.getMetadata(RESPONSE_PASSTHROUGH_METADATA, controller, method) === true;
}

function extractor(
  kind: string,
  { factory, data, pipes }: DeclaredParameter,
  isPassthrough: boolean,
): ReadArgument | undefined {
  if (kind.includes(CUSTOM_ROUTE_ARGS_METADATA)) return factory && ((call) => factory(data, call));
  if (pipes.length > 0) return undefined;
  switch (kind) {
    case String(RouteParamtypes.REQUEST):
      return (call) => call.switchToHttp().getRequest<FastifyRequest>();
    case String(RouteParamtypes.RESPONSE):
      return isPassthrough ? (call) => call.switchToHttp().getResponse<FastifyReply>() : undefined;
    case String(RouteParamtypes.HEADERS): {
      if (typeof data !== 'string') return undefined;
      const name = data.toLowerCase();
      return (call) => call.switchToHttp().getRequest<FastifyRequest>().headers[name];
    }
    default:
      return undefined;
  }
}

function piped(read: ReadArgument, pipe: PipeTransform, metadata: ArgumentMetadata): ReadArgument {
  const transform = (value: unknown): unknown => pipe.transform(value, metadata);
  return (call) => {
    const value = read(call);
    return value instanceof Promise ? value.then(transform) : transform(value);
  };
}
