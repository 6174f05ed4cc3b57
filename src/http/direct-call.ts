/* eslint-disable @typescript-eslint/no-unnecessary-type-parameters -- the signatures of Nest's interfaces */
import type { ExecutionContext, Type } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

type HttpArguments = ReturnType<ExecutionContext['switchToHttp']>;
type Handler = ReturnType<ExecutionContext['getHandler']>;

/** What the factory of a parameter decorator is told about one request, as Nest's own `ExecutionContext` tells it. */
export class DirectCall implements ExecutionContext, HttpArguments {
  constructor(
    private readonly controller: Type,
    private readonly handler: Handler,
    private readonly request: FastifyRequest,
    private readonly reply: FastifyReply,
  ) {}

  getClass<T>(): Type<T> {
    return this.controller as Type<T>;
  }

  getHandler(): Handler {
    return this.handler;
  }

  getArgs<T extends unknown[]>(): T {
    return [this.request, this.reply] as unknown as T;
  }

  getArgByIndex<T>(index: number): T {
    return this.getArgs()[index] as T;
  }

  getType<T extends string>(): T {
    return 'http' as T;
  }

  switchToHttp(): HttpArguments {
    return this;
  }

  switchToRpc(): never {
    throw new Error('this is an HTTP request');
  }

  switchToWs(): never {
    throw new Error('this is an HTTP request');
  }

  getRequest<T>(): T {
    return this.request as T;
  }

  getResponse<T>(): T {
    return this.reply as T;
  }

  getNext<T>(): T {
    return undefined as T;
  }
}
