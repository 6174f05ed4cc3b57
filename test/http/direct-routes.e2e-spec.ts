import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  HttpCode,
  Injectable,
  Module,
  Get,
  UseGuards,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, APP_PIPE, DiscoveryService } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { Public } from '../../src/auth/require-scope.decorator.js';
import { FastpacaController } from '../../src/common/http/fastpaca-controller.decorator.js';
import { isRoute, routeConfigOf } from '../../src/common/http/route-config.js';
import { directHandlerOf } from '../../src/http/direct-routes.js';
import type { HttpResponse } from '../support/http-client.js';
import { ROUTES } from '../support/routes.js';
import { TestService } from '../support/test-service.js';

/** What the enhancers of a team saw: `guard EventsController.append`, … */
const seen: string[] = [];
const see = (kind: string, context: ExecutionContext) =>
  seen.push(`${kind} ${context.getClass().name}.${context.getHandler().name}`);

@Injectable()
class SeeingInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    see('interceptor', context);
    return next.handle();
  }
}

@Module({ providers: [{ provide: APP_INTERCEPTOR, useClass: SeeingInterceptor }] })
class InterceptingModule {}

const guardSeeing = { canActivate: (context: ExecutionContext) => see('guard', context) > 0 };
@Module({ providers: [{ provide: APP_GUARD, useValue: guardSeeing }] })
class GuardingModule {}

const pipe = { transform: (value: unknown) => (seen.push('pipe'), value) };
@Module({ providers: [{ provide: APP_PIPE, useValue: pipe }] })
class PipingModule {}

@FastpacaController('v1/extended')
class ExtendedController {
  @Get('guarded')
  @Public()
  @UseGuards(guardSeeing)
  guarded() {
    return 'guarded';
  }

  @Get('teapot')
  @Public()
  @HttpCode(418)
  teapot() {
    return { teapot: true };
  }
}
@Module({ controllers: [ExtendedController] })
class ExtendedModule {}

/** Requests of every kind: valid, invalid in one part and in several, and to nothing. */
const REQUESTS: [method: string, path: string, body?: unknown, headers?: Record<string, string>][] = [
  ...ROUTES.map(([method, rest, body]): [string, string, unknown] => [
    method,
    `/v1/conversations/same${rest}`,
    body,
  ]),
  ['PUT', '/v1/conversations/again', { token_budget: 100 }],
  [
    'POST',
    '/v1/conversations/again/events',
    {
      events: [
        { role: 'user', content: 'a' },
        { role: 'tool', content: 'b' },
      ],
    },
  ],
  ['GET', '/v1/conversations/again/events?from_seq=1'],
  ['HEAD', '/v1/conversations/again/events?from_seq=1'],
  ['HEAD', '/v1/conversations/again/window'],
  ['OPTIONS', '/v1/conversations/again/window'],
  ['POST', '/v1/conversations/again/events', { event: { role: 'user', content: 'x' }, if_version: 0 }],
  ['POST', '/v1/conversations/nobody/events', { event: { role: 'user', content: 'x' } }],
  ['POST', '/v1/conversations/%00/events?x=1', { event: {}, y: 2 }, { 'idempotency-key': '\t' }],
  ['POST', '/v1/conversations/again/events', '{"event":'],
  ['POST', '/v1/conversations/again/events', 'text', { 'content-type': 'text/plain' }],
  ['POST', '/v1/conversations//events', { event: { role: 'user', content: 'x' } }],
  ['GET', '/v1/conversations//window'],
  ['GET', '/v1/conversations/again/window?limit=1&if_version=x'],
  ['GET', '/v1/conversations/%E0%A4%A/window'],
  ['GET', '/v1/nothing'],
  ['DELETE', '/v1/calibrations/some-model'],
  ['GET', '/v1/calibrations'],
  ['GET', '/v1/conversations/again/stream'],
  ['GET', '/health/live'],
  ['GET', '/asyncapi.json'],
];

describe('routes of Fastpaca', () => {
  let direct: TestService;
  let chained: TestService;

  beforeAll(async () => {
    direct = await TestService.start({ modules: [ExtendedModule] });
    chained = await TestService.start({ modules: [InterceptingModule] });
  });
  afterAll(async () => {
    await direct.stop();
    await chained.stop();
  });
  beforeEach(() => {
    seen.length = 0;
  });

  it('are called directly, all but the stream, which writes its response itself', () => {
    const routes = direct.app
      .get(DiscoveryService, { strict: false })
      .getControllers()
      .flatMap(({ metatype }) => Object.values(Object.getOwnPropertyDescriptors(metatype!.prototype)))
      .flatMap(({ value }) => (isRoute(value) ? [routeConfigOf(value).action] : []))
      .filter((action) => action !== undefined && action.method !== 'constructor')
      .map((action) => action!);
    const chainedRoutes = routes.filter((action) => !directHandlerOf(direct.app, action));
    expect(routes.length).toBeGreaterThan(15);
    expect(chainedRoutes.map(({ controller, method }) => `${controller.name}.${method}`).sort()).toEqual([
      'ExtendedController.guarded',
      'StreamController.follow',
    ]);
  });

  it.each(REQUESTS.map((request) => [`${request[0]} ${request[1]}`, request] as const))(
    'answer as through the chain of Nest: %s',
    async (_, [method, path, body, headers]) => {
      const send = ({ http }: TestService) =>
        http.request(method, path, { body, headers: { 'x-request-id': 'same', ...headers } });
      const [answer, expected] = [await send(direct), await send(chained)];
      expect(comparable(answer)).toEqual(comparable(expected));
    },
  );

  it('run the guards, interceptors and pipes of the whole application', async () => {
    await chained.http.put('seen');
    await chained.http.say('seen', 'x');
    expect(seen).toEqual(['interceptor ConversationsController.put', 'interceptor EventsController.append']);
    for (const [module, expected] of [
      [GuardingModule, ['guard ConversationsController.put']],
      [PipingModule, ['pipe', 'pipe', 'pipe']],
    ] as const) {
      seen.length = 0;
      const service = await TestService.start({ modules: [module] });
      await service.http.put('seen');
      await service.stop();
      expect(seen).toEqual(expected);
    }
  });

  it('run the enhancers of their own declaration', async () => {
    expect((await direct.http.request('GET', '/v1/extended/guarded')).text).toBe('guarded');
    expect(seen).toEqual(['guard ExtendedController.guarded']);
    const { status, body } = await direct.http.request('GET', '/v1/extended/teapot');
    expect([status, body]).toEqual([418, { teapot: true }]);
  });
});

/** The parts of a response that are the same in two services with the same content. */
function comparable({ status, headers, text }: HttpResponse): object {
  const { date: _, etag, ...others } = Object.fromEntries(headers);
  return {
    status,
    hasTag: etag !== undefined,
    headers: others,
    text: text.replace(/"(inserted_at|created_at|updated_at)":"[^"]*"/g, '"$1":""'),
  };
}
