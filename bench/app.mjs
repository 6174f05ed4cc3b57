// The service as a process for a benchmark, with the limits it is measured against as routes of the same application:
// the empty request (same body, same validation, a constant answer) and a bare route that sends ready bytes.
import 'reflect-metadata';
import { Body, Controller, Get, Header, Module, Post, Put, Query } from '@nestjs/common';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { AppModule } from '../dist/src/app.module.js';
import { Conversation } from '../dist/src/auth/conversation.decorator.js';
import { RequireScope } from '../dist/src/auth/require-scope.decorator.js';
import { ConversationId } from '../dist/src/common/conversation-id.js';
import { NoQuery } from '../dist/src/common/http/no-query.dto.js';
import { AppConfig } from '../dist/src/config/app-config.js';
import { createApp } from '../dist/src/create-app.js';
import { AppendEventsDto } from '../dist/src/events/dto/append-events.dto.js';
import { Lifecycle } from '../dist/src/health/lifecycle.js';

/** Applies decorators as the compiler does, in a file that Node.js reads as it stands. */
function decorate(target, name, decorators, parameters, types) {
  Reflect.defineMetadata('design:paramtypes', types, target.prototype, name);
  parameters.forEach((decorator, index) => decorator(target.prototype, name, index));
  const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name);
  for (const decorator of decorators) decorator(target.prototype, name, descriptor);
}

class EmptyRequests {
  ready = '';

  append() {
    return { seq: 1, version: 1, token_estimate: 10 };
  }

  window() {
    return this.ready;
  }

  /** Sets what the bare route sends: the body of a window. */
  async keep(id) {
    const answer = await fetch(`http://127.0.0.1:${process.env.PORT}/v1/conversations/${id.id}/window`);
    this.ready = await answer.text();
  }
}
Controller('bench/:id')(EmptyRequests);
decorate(
  EmptyRequests,
  'append',
  [Post('append'), RequireScope('events:append')],
  [Conversation(), Body(), Query()],
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
  'keep',
  [Put('window'), RequireScope('window:read')],
  [Conversation()],
  [ConversationId],
);

class BenchModule {}
Module({ controllers: [EmptyRequests] })(BenchModule);

class Root {}
const config = AppConfig.fromEnvironment(process.env);
const app = await createApp(config, { module: Root, imports: [AppModule.forRoot(config), BenchModule] });
await app.listen({ port: config.port, host: config.host, backlog: config.backlog });
app.get(Lifecycle).started();

// What the benchmark asks for: the longest stall of the event loop since it last asked, memory and CPU time.
const delays = monitorEventLoopDelay({ resolution: 1 });
delays.enable();
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({
    longestStallMs: delays.max / 1e6,
    residentBytes: process.memoryUsage.rss(),
    cpuMicros: user + system,
  });
  delays.reset();
});
process.once('SIGTERM', () => process.exit(0));
