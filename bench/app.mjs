// The service as a process for a benchmark. Two extra routes are the limits that it is compared with: the empty request (same
// body, same validation, a constant response) and a bare route that sends prepared bytes.
import 'reflect-metadata';
import { Get, Header, Module, Post, Put } from '@nestjs/common';
import { ConversationIdParam } from '../dist/src/auth/conversation-id-param.decorator.js';
import { RequireScope } from '../dist/src/auth/require-scope.decorator.js';
import { ConversationId } from '../dist/src/common/conversation-id.js';
import { FastpacaController } from '../dist/src/common/http/fastpaca-controller.decorator.js';
import { NoQuery } from '../dist/src/common/http/validation/no-query.dto.js';
import {
  ValidatedBody,
  ValidatedQuery,
} from '../dist/src/common/http/validation/validated-params.decorators.js';
import { AppConfig } from '../dist/src/config/app-config.js';
import { createApp } from '../dist/src/create-app.js';
import { AppendEventsDto } from '../dist/src/events/dto/append-events.dto.js';
import { sendReports } from './process-reports.mjs';

/** Applies decorators as the TypeScript compiler does; this file is not compiled. */
function decorate(target, name, decorators, parameters, types) {
  Reflect.defineMetadata('design:paramtypes', types, target.prototype, name);
  parameters.forEach((decorator, index) => decorator(target.prototype, name, index));
  const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name);
  for (const decorator of decorators) decorator(target.prototype, name, descriptor);
}

class EmptyRequests {
  windowJson = '';

  append() {
    return { seq: 1, version: 1, token_estimate: 10 };
  }

  window() {
    return this.windowJson;
  }

  /** Makes the bare route send the window of a conversation. */
  async prepareWindow(id) {
    const response = await fetch(`http://127.0.0.1:${process.env.PORT}/v1/conversations/${id.id}/window`);
    this.windowJson = await response.text();
  }
}
decorate(
  EmptyRequests,
  'append',
  [Post('append'), RequireScope('events:append')],
  [ConversationIdParam(), ValidatedBody(AppendEventsDto), ValidatedQuery(NoQuery)],
  [ConversationId, AppendEventsDto, NoQuery],
);
decorate(
  EmptyRequests,
  'window',
  [Get('window'), RequireScope('window:read'), Header('content-type', 'application/json; charset=utf-8')],
  [],
  [],
);
decorate(
  EmptyRequests,
  'prepareWindow',
  [Put('window'), RequireScope('window:read')],
  [ConversationIdParam()],
  [ConversationId],
);

// A decorator of a class runs after those of its methods.
FastpacaController('bench/:id')(EmptyRequests);

class BenchModule {}
Module({ controllers: [EmptyRequests] })(BenchModule);

const config = AppConfig.fromEnvironment(process.env);
const app = await createApp(config, { module: BenchModule });
await app.listen({ port: config.port, host: config.host, backlog: config.backlog });

sendReports();
