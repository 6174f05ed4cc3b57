import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Body,
  Catch,
  Controller,
  Get,
  Injectable,
  Module,
  Param,
  ParseIntPipe,
  Post,
  Query,
  ValidationPipe,
  VersioningType,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
} from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { IsInt, IsString } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { WebSocket } from 'ws';
import { Public } from '../../src/auth/require-scope.decorator.js';
import { ConversationId } from '../../src/common/conversation-id.js';
import { InvalidPayloadError } from '../../src/common/errors/common.errors.js';
import { AppConfig } from '../../src/config/app-config.js';
import { EventsService } from '../../src/events/events.service.js';
import { FastpacaModule } from '../../src/fastpaca.module.js';
import { useFastpaca } from '../../src/http/http-setup.js';
import { expectError } from '../support/error-shape.js';
import { eventually } from '../support/eventually.js';
import { HttpClient } from '../support/http-client.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { UNHURRIED } from '../support/unhurried.js';

const KEY = 'host-key';

class OrderDto {
  @IsString()
  item!: string;
  @IsInt()
  count!: number;
}

@Controller({ path: 'orders', version: '2' })
class OrdersController {
  constructor(private readonly events: EventsService) {}

  @Post()
  create(@Body() order: OrderDto) {
    return { isDto: order instanceof OrderDto, order };
  }

  @Get(':number')
  find(@Param('number', ParseIntPipe) number: number, @Query() query: Record<string, string>) {
    return { number, query };
  }

  @Post('log')
  async log(@Body() { text }: { text: string }) {
    const id = new ConversationId('default', 'orders');
    const { events } = await this.events.append(id, { events: [{ role: 'user', content: text }] });
    return { version: events.at(-1)!.version };
  }

  @Get('missing/conversation')
  missing() {
    return this.events.append(new ConversationId('default', 'nobody'), {
      events: [{ role: 'user', content: 'x' }],
    });
  }

  @Get('teapot/error')
  teapot(): never {
    throw new TeapotError();
  }
}

class TeapotError extends Error {}

/** Also catches an error that the routes of Fastpaca answer themselves. */
@Catch(TeapotError, InvalidPayloadError)
class HostFilter implements ExceptionFilter {
  catch(_error: Error, host: ArgumentsHost): void {
    void host.switchToHttp().getResponse<FastifyReply>().code(418).send({ teapot: true });
  }
}

/** Counts every request that reaches a controller, and rejects none. */
@Injectable()
class CountingGuard implements CanActivate {
  static count = 0;
  canActivate(): boolean {
    CountingGuard.count += 1;
    return true;
  }
}

@Controller('internal')
class InternalController {
  @Get()
  @Public()
  read() {
    return { ok: true };
  }
}
@Module({ controllers: [InternalController] })
class InternalModule {}

@Controller('forgotten')
class ForgottenController {
  @Get()
  read() {
    return {};
  }
}
@Module({ controllers: [ForgottenController] })
class ForgottenModule {}

@Module({})
class SettingsModule {}

/** The logger of the host: keeps what it receives. */
const received: { level: string; message: any; context: unknown }[] = [];
const receive = (level: string) => (message: any, context: unknown) =>
  received.push({ level, message, context });
const hostLogger = { log: receive('log'), warn: receive('warn'), error: receive('error') };

describe('FastpacaModule in a Nest application of its own', () => {
  let database: TestDatabase;
  let app: NestFastifyApplication;
  let url: string;
  let http: HttpClient;

  beforeAll(async () => {
    database = await createTestDatabase();
    @Module({
      imports: [
        FastpacaModule.forRootAsync({
          inject: ['DATABASE'],
          imports: [
            {
              module: SettingsModule,
              providers: [{ provide: 'DATABASE', useValue: database.url }],
              exports: ['DATABASE'],
            },
          ],
          useFactory: (databaseUrl: string) =>
            AppConfig.fromEnvironment({
              ...UNHURRIED,
              DATABASE_URL: databaseUrl,
              FASTPACA_API_KEY: KEY,
              FASTPACA_WORKERS: '4',
            }),
          guardedModules: [InternalModule],
          logger: hostLogger,
        }),
        InternalModule,
      ],
      controllers: [OrdersController],
      providers: [{ provide: APP_GUARD, useClass: CountingGuard }],
    })
    class HostModule {}

    app = await NestFactory.create<NestFastifyApplication>(
      HostModule,
      new FastifyAdapter({ routerOptions: { maxParamLength: 16_384 } }),
      { logger: false, abortOnError: false },
    );
    app.setGlobalPrefix('api');
    app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
    app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }));
    app.useGlobalFilters(new HostFilter());
    SwaggerModule.setup('host-docs', app, () =>
      SwaggerModule.createDocument(app, new DocumentBuilder().setTitle('Host').build()),
    );
    useFastpaca(app);
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    http = new HttpClient(url);
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const headers = { authorization: `Bearer ${KEY}` };
  const conversation = '/api/v1/conversations/demo';
  const request = (method: string, path: string, body?: unknown, more: object = headers) =>
    http.request(method, path, { body, headers: { ...more } });

  it('is told that FASTPACA_WORKERS has no effect', () => {
    expect(received.filter(({ level }) => level === 'warn').map(({ message }) => message.message)).toEqual([
      expect.stringMatching(/^FASTPACA_WORKERS has no effect/),
    ]);
  });

  describe('a route of Fastpaca', () => {
    it('works under the prefix of the host, with verbatim bodies', async () => {
      expect((await request('PUT', conversation, { token_budget: 1000 })).status).toBe(201);
      const text = '{"event":{"role":"user","parts":[{"type":"text","text":"hi","n":1.0}]}}';
      expect((await request('POST', `${conversation}/events`, text)).body).toMatchObject({ seq: 1 });
      expect((await request('GET', `${conversation}/events`)).text).toContain('"n":1.0');
      expect((await request('GET', `${conversation}/window`)).body.messages).toHaveLength(1);
    });

    it('answers errors in the shape of the API', async () => {
      expectError(await request('GET', conversation, undefined, {}), 401);
      expectError(await request('GET', '/api/v1/conversations/nobody'), 404);
      expectError(await request('POST', `${conversation}/events`, { event: {}, x: 1 }), 400);
      expectError(await request('POST', `${conversation}/events`, '{"event":'), 400);
      expectError(await request('GET', `${conversation}/events?limit=0`), 400);
      expectError(
        await http.request('POST', `${conversation}/events`, {
          body: 'x',
          headers: { ...headers, 'content-type': 'text/plain' },
        }),
        415,
      );
    });

    it('ignores the body of a DELETE, whatever its type', async () => {
      for (const type of ['application/json', 'text/plain']) {
        await request('PUT', '/api/v1/conversations/deleted', { token_budget: 1000 });
        const response = await http.request('DELETE', '/api/v1/conversations/deleted', {
          body: '{"event":',
          headers: { ...headers, 'content-type': type },
        });
        expect(response.status).toBe(204);
      }
      const empty = { ...headers, 'content-type': 'application/json' };
      expect((await request('DELETE', '/api/v1/conversations/deleted', undefined, empty)).status).toBe(204);
    });

    it('rejects a caller before the body is read', async () => {
      const response = await http.request('POST', `${conversation}/events`, {
        body: '{"event":',
        headers: {},
      });
      expectError(response, 401);
    });

    it('streams over a websocket', async () => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}${conversation}/stream?cursor=0`, {
        headers,
      });
      const frame = await new Promise<string>((resolve, reject) => {
        socket.once('message', (data: Buffer) => resolve(data.toString()));
        socket.once('error', reject);
      });
      expect(JSON.parse(frame)).toMatchObject({ type: 'event', seq: 1 });
      socket.terminate();
    });

    it('logs to the logger of the host, from the level of the configuration on', async () => {
      await request('GET', conversation, undefined, { ...headers, 'x-request-id': 'logged' });
      await eventually('the request is logged', () =>
        received.some(({ message }) => message.request_id === 'logged'),
      );
      expect(received.find(({ message }) => message.request_id === 'logged')).toMatchObject({
        level: 'log',
        message: { message: 'request', route: '/api/v1/conversations/:id', status: 200 },
        context: 'Fastpaca',
      });
      expect(received.map(({ message }) => message.route)).not.toContain('/api/health/live');
    });

    it('has the guards of the host', async () => {
      const before = CountingGuard.count;
      await request('GET', conversation);
      expect(CountingGuard.count).toBe(before + 1);
    });
  });

  describe('a route of the host', () => {
    it('keeps its version, its ValidationPipe and its JSON parser, and needs no key', async () => {
      const { status, body } = await request('POST', '/api/v2/orders', { item: 'tea', count: 2 }, {});
      expect([status, body]).toEqual([201, { isDto: true, order: { item: 'tea', count: 2 } }]);
    });

    it('keeps the errors of Nest', async () => {
      const invalid = await request('POST', '/api/v2/orders', { item: 'tea', count: 2, extra: 1 }, {});
      expect([invalid.status, invalid.body]).toEqual([
        400,
        { statusCode: 400, error: 'Bad Request', message: ['property extra should not exist'] },
      ]);
      const malformed = await request('POST', '/api/v2/orders', '{"item":', {});
      expect([malformed.status, malformed.body.statusCode]).toEqual([400, 400]);
      const unknown = await request('GET', '/api/v2/nothing', undefined, {});
      expect([unknown.status, unknown.body]).toEqual([
        404,
        { statusCode: 404, error: 'Not Found', message: 'Cannot GET /api/v2/nothing' },
      ]);
    });

    it('keeps its pipes, query and filters', async () => {
      expect((await request('GET', '/api/v2/orders/7?page=2', undefined, {})).body).toEqual({
        number: 7,
        query: { page: '2' },
      });
      expect((await request('GET', '/api/v2/orders/teapot/error', undefined, {})).status).toBe(418);
    });

    it('has no header of Fastpaca', async () => {
      const response = await request('GET', '/api/v2/orders/7', undefined, { 'x-request-id': 'mine' });
      expect(response.headers.get('x-request-id')).toBeNull();
    });

    it('may use the services of Fastpaca without importing a module, whose errors have the shape of the API', async () => {
      await request('PUT', '/api/v1/conversations/orders', { token_budget: 1000 });
      expect((await request('POST', '/api/v2/orders/log', { text: 'ordered' }, {})).body).toEqual({
        version: 1,
      });
      expectError(await request('GET', '/api/v2/orders/missing/conversation', undefined, {}), 404);
    });

    it('keeps its own root path', async () => {
      expect((await request('GET', '/api', undefined, {})).status).toBe(404);
      expect((await request('GET', '/', undefined, {})).status).toBe(404);
    });

    it('is in the OpenAPI document of the host, beside the routes of Fastpaca', async () => {
      const { body } = await request('GET', '/host-docs-json', undefined, {});
      expect(Object.keys(body.paths)).toEqual(
        expect.arrayContaining(['/api/v2/orders', '/api/v1/conversations/{id}/window']),
      );
    });
  });

  it('does not start if a guarded module has a route that declares no scope', async () => {
    const config = AppConfig.fromEnvironment({ ...UNHURRIED, DATABASE_URL: database.url });
    @Module({
      imports: [FastpacaModule.forRoot({ config, guardedModules: [ForgottenModule] }), ForgottenModule],
    })
    class HostModule {}
    const other = await NestFactory.create<NestFastifyApplication>(HostModule, new FastifyAdapter(), {
      logger: false,
      abortOnError: false,
    });
    useFastpaca(other);
    await expect(other.init()).rejects.toThrow(
      /Everybody could use ForgottenController\.read: declare .* @RequireScope/,
    );
    await other.close();
  });
});
