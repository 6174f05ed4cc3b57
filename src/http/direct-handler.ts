import { RequestMethod, type Type } from '@nestjs/common';
import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  HEADERS_METADATA,
  HTTP_CODE_METADATA,
  INTERCEPTORS_METADATA,
  METHOD_METADATA,
  PIPES_METADATA,
  REDIRECT_METADATA,
  RENDER_METADATA,
  SSE_METADATA,
} from '@nestjs/common/constants.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiErrorFilter, sendError } from '../common/http/api-error.filter.js';
import type { Action } from '../common/http/route-config.js';
import type { ArgumentReader } from './direct-arguments.js';
import { DirectCall } from './direct-call.js';

type Method = (...args: unknown[]) => unknown;
export type DirectHandler = (request: FastifyRequest, reply: FastifyReply) => void;

/** What a handler that is declared for Nest's chain may have in addition; a direct handler runs none of it. */
const ENHANCERS = [GUARDS_METADATA, INTERCEPTORS_METADATA, PIPES_METADATA];
const RESPONSES = [RENDER_METADATA, REDIRECT_METADATA, SSE_METADATA];

/** Whether a direct handler does all that the decorators of the method and of its controller declare. */
export function isPlain({ controller, method }: Action): boolean {
  const handler = methodOf(controller, method);
  const has = (target: object) => (key: string) => Reflect.hasMetadata(key, target);
  if ([...ENHANCERS, EXCEPTION_FILTERS_METADATA, ...RESPONSES].some(has(handler))) return false;
  const filters = Reflect.getMetadata(EXCEPTION_FILTERS_METADATA, controller) as unknown[] | undefined;
  return !ENHANCERS.some(has(controller)) && filters?.length === 1 && filters[0] === ApiErrorFilter;
}

/**
 * A Fastify handler that does what Nest's chain does for the method of a controller that has nothing but arguments: reads the
 * arguments, calls the method, sends what it returns, and answers errors as `ApiErrorFilter`.
 */
export function directHandler(
  instance: object,
  { controller, method }: Action,
  readers: readonly ArgumentReader[],
): DirectHandler {
  const handler = methodOf(controller, method);
  const status = statusOf(handler);
  const headers = (Reflect.getMetadata(HEADERS_METADATA, handler) ?? []) as {
    name: string;
    value: string | (() => string);
  }[];

  function call(args: unknown[], request: FastifyRequest, reply: FastifyReply): void {
    const result = handler.apply(instance, args);
    if (!(result instanceof Promise)) reply.send(result);
    else
      result.then(
        (value) => send(value, request, reply),
        (error: unknown) => sendError(error, request, reply),
      );
  }

  return (request, reply) => {
    if (hasEmptyParameter(request)) {
      reply.callNotFound();
      return;
    }
    try {
      reply.code(status);
      for (const { name, value } of headers)
        reply.header(name, typeof value === 'function' ? value() : value);
      const args = readArguments(readers, new DirectCall(controller, handler, request, reply));
      if (!(args instanceof Promise)) call(args, request, reply);
      else
        args
          .then((read) => call(read, request, reply))
          .catch((error: unknown) => sendError(error, request, reply));
    } catch (error) {
      sendError(error, request, reply);
    }
  };
}

function methodOf(controller: Type, method: string): Method {
  return (controller.prototype as Record<string, Method>)[method] as Method;
}

/** Nest's default: 201 for POST, otherwise 200. */
function statusOf(handler: Method): number {
  const declared = Reflect.getMetadata(HTTP_CODE_METADATA, handler) as number | undefined;
  return declared ?? (Reflect.getMetadata(METHOD_METADATA, handler) === RequestMethod.POST ? 201 : 200);
}

/** Fastify's router matches an empty segment for a parameter; for Nest's adapter, and its middleware, such a path is unknown. */
function hasEmptyParameter({ params }: FastifyRequest): boolean {
  const values = params as Record<string, string>;
  for (const name in values) if (values[name] === '') return true;
  return false;
}

/** All arguments are read, also after one was rejected: `rejectRequest` reports the violations of all. */
function readArguments(readers: readonly ArgumentReader[], call: DirectCall): unknown[] | Promise<unknown[]> {
  const args: unknown[] = [];
  let isPending = false;
  for (const { index, read } of readers) {
    const value = valueOrRejection(read, call);
    isPending ||= value instanceof Promise;
    args[index] = value;
  }
  return isPending ? settled(args) : args;
}

/** Waits for promises only. `Promise.all` would also wait for a reply among the arguments, because a reply has `then`. */
async function settled(args: readonly unknown[]): Promise<unknown[]> {
  const values = [...args];
  const pending = args.flatMap((arg, index) =>
    arg instanceof Promise ? [arg.then((value: unknown) => (values[index] = value))] : [],
  );
  await Promise.all(pending);
  return values;
}

function valueOrRejection(read: ArgumentReader['read'], call: DirectCall): unknown {
  try {
    return read(call);
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }
}

function send(value: unknown, request: FastifyRequest, reply: FastifyReply): void {
  try {
    reply.send(value);
  } catch (error) {
    sendError(error, request, reply);
  }
}
