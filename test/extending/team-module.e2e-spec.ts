import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Body,
  ConflictException,
  Controller,
  Get,
  HttpStatus,
  Inject,
  Injectable,
  Module,
  Post,
  Query,
  ValidationPipe,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { IsInt } from 'class-validator';
import type { FastifyInstance } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import type { Authenticator } from '../../src/auth/authenticator.js';
import type { Principal } from '../../src/auth/principal.js';
import { Public, RequireScope } from '../../src/auth/require-scope.decorator.js';
import { AppError } from '../../src/common/errors/app-error.js';
import { UnavailableError } from '../../src/common/errors/common.errors.js';
import { WindowService } from '../../src/window/window.service.js';
import type { TokenEstimator } from '../../src/tokens/token-estimator.js';
import { expectError } from '../support/error-shape.js';
import { sendRaw } from '../support/raw-http.js';
import { TestService } from '../support/test-service.js';

/** What the estimator and the authenticator inject. */
@Module({
  providers: [
    { provide: 'TOKENS_PER_TEXT', useValue: 7 },
    {
      provide: 'TENANTS',
      useValue: new Map([
        ['a', 'tenant-a'],
        ['b', 'tenant-b'],
      ]),
    },
  ],
  exports: ['TOKENS_PER_TEXT', 'TENANTS'],
})
class TeamSettingsModule {}

@Injectable()
class FixedEstimator implements TokenEstimator {
  constructor(@Inject('TOKENS_PER_TEXT') private readonly tokensPerText: number) {}

  count(): number {
    return this.tokensPerText;
  }
}

/** `x-tenant` names the tenant; `x-scopes` lists scopes. */
@Injectable()
class TenantAuthenticator implements Authenticator {
  constructor(@Inject('TENANTS') private readonly tenants: ReadonlyMap<string, string>) {}

  async authenticate(headers: IncomingHttpHeaders): Promise<Principal | undefined> {
    const { 'x-tenant': tenant, 'x-scopes': scopes } = headers as Record<string, string | undefined>;
    await new Promise((resolve) => setImmediate(resolve));
    if (tenant === 'down') throw new UnavailableError('The key server is down');
    if (tenant === 'broken') throw new TypeError('a bug');
    const namespace = this.tenants.get(tenant ?? '');
    if (namespace === undefined) return undefined;
    return { namespace, scopes: scopes === undefined ? 'all' : new Set(scopes.split(' ')), subject: tenant };
  }
}

class ReportDto {
  @IsInt()
  month!: number;
}

class NoReportError extends AppError {
  readonly status = HttpStatus.NOT_FOUND;
  readonly error = 'report_not_found';
}

@Controller('reports')
@RequireScope('reports:read')
class ReportsController {
  constructor(private readonly windows: WindowService) {}

  @Post()
  @RequireScope('reports:write')
  create(@Body(new ValidationPipe({ transform: true })) report: ReportDto) {
    return { isDto: report instanceof ReportDto, month: report.month };
  }

  @Get()
  list(@Query('page') page: string) {
    return { page, hasWindows: this.windows instanceof WindowService };
  }

  @Get('missing')
  missing(): never {
    throw new NoReportError('There is no such report');
  }

  @Get('conflict')
  conflict(): never {
    throw new ConflictException('Two reports');
  }

  @Get('open')
  @Public()
  open() {
    return { open: true };
  }
}
@Module({ controllers: [ReportsController] })
class ReportsModule {}

describe('a team module', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({
      modules: [ReportsModule],
      replacements: {
        imports: [TeamSettingsModule],
        tokenEstimator: FixedEstimator,
        authenticator: TenantAuthenticator,
      },
    });
  });
  afterAll(() => service.stop());

  const request = (method: string, path: string, headers: Record<string, string> = {}, body?: unknown) =>
    service.http.request(method, path, { headers, body });

  describe('with a token estimator', () => {
    it('has new events counted by it', async () => {
      const headers = { 'x-tenant': 'a' };
      await request('PUT', '/v1/conversations/counted', headers, { token_budget: 1000 });
      const event = { role: 'user', parts: [{ type: 'text', text: 'any text of any length' }] };
      const { body } = await request('POST', '/v1/conversations/counted/events', headers, { event });
      // The constants are those of MessageTokenCounter: three per message, one for the role, here also counted as 7.
      expect(body.token_estimate).toBe(3 + 7 + 7);
    });
  });

  describe('with an authenticator', () => {
    it('separates the namespaces of its principals', async () => {
      await request('PUT', '/v1/conversations/shared', { 'x-tenant': 'a' }, { token_budget: 1000 });
      expect((await request('GET', '/v1/conversations/shared', { 'x-tenant': 'a' })).status).toBe(200);
      expectError(await request('GET', '/v1/conversations/shared', { 'x-tenant': 'b' }), 404);
    });

    it.each([
      ['nobody is authenticated', 'nobody', 401],
      ['it throws an UnavailableError', 'down', 503],
      ['it fails unexpectedly', 'broken', 503],
    ])('answers before the body is read when %s', async (_, tenant, status) => {
      const response = await sendRaw(
        service.url,
        'PUT /v1/conversations/one HTTP/1.1\r\nhost: localhost\r\n' +
          `x-tenant: ${tenant}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{`,
      );
      expectError(response, status);
    });

    it('limits its principals to their scopes', async () => {
      const headers = { 'x-tenant': 'a', 'x-scopes': 'conversations:read reports:read' };
      expect((await request('GET', '/v1/conversations/shared', headers)).status).toBe(200);
      expectError(await request('PUT', '/v1/conversations/shared', headers, { token_budget: 1000 }), 403);
      expect((await request('GET', '/reports?page=1', headers)).status).toBe(200);
      expectError(await request('POST', '/reports', headers, { month: 1 }), 403);
    });

    it('also guards websockets', async () => {
      const upgrade = (tenant: string) =>
        sendRaw(
          service.url,
          'GET /v1/conversations/shared/stream HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n' +
            `sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nx-tenant: ${tenant}\r\n\r\n`,
        );
      expectError(await upgrade('nobody'), 401);
      expectError(await upgrade('down'), 503);
      expectError(await upgrade('b'), 404);
    });
  });

  describe('with a controller', () => {
    const headers = { 'x-tenant': 'a' };

    it('needs the scopes that its routes declare, wherever their path lies', async () => {
      expectError(await request('GET', '/reports'), 401);
      expect((await request('GET', '/reports/open')).body).toEqual({ open: true });
    });

    it('uses its own pipes and DTOs, and injects services of Fastpaca', async () => {
      expect((await request('POST', '/reports', headers, { month: 3 })).body).toEqual({
        isDto: true,
        month: 3,
      });
      expect((await request('GET', '/reports?page=2', headers)).body).toEqual({
        page: '2',
        hasWindows: true,
      });
    });

    it('answers an AppError in the shape of the API, and other errors as Nest does', async () => {
      const missing = await request('GET', '/reports/missing', headers);
      expect([missing.status, missing.body]).toEqual([
        404,
        { error: 'report_not_found', message: 'There is no such report', request_id: expect.any(String) },
      ]);
      const conflict = await request('GET', '/reports/conflict', headers);
      expect([conflict.status, conflict.body]).toEqual([
        409,
        { statusCode: 409, message: 'Two reports', error: 'Conflict' },
      ]);
      const invalid = await request('POST', '/reports', headers, { month: 'May' });
      expect([invalid.status, invalid.body.message]).toEqual([400, ['month must be an integer number']]);
    });
  });
});

describe('the start of the service', () => {
  it('stops if a route of a controller declares no scope', async () => {
    @Controller('forgotten')
    class ForgottenController {
      @Get('one')
      one() {
        return {};
      }
      @Get('two')
      @Public()
      two() {
        return {};
      }
      @Post('three')
      three() {
        return {};
      }
    }
    @Module({ controllers: [ForgottenController] })
    class ForgottenModule {}
    await expect(TestService.start({ modules: [ForgottenModule] })).rejects.toThrow(
      'Everybody could use ForgottenController.one, ForgottenController.three: ' +
        "declare the scope that a caller needs with @RequireScope('…'), or that the route needs none with @Public()",
    );
  });

  it('stops if a route without a controller declares no scope', async () => {
    @Module({})
    class RawRoutesModule {
      constructor({ httpAdapter }: HttpAdapterHost) {
        const fastify = httpAdapter.getInstance<FastifyInstance>();
        fastify.get('/declared', { config: { scope: 'public' } }, () => ({}));
        this.fastify = fastify;
      }
      private readonly fastify: FastifyInstance;
      onModuleInit() {
        this.fastify.get('/raw', () => ({}));
      }
    }
    await expect(TestService.start({ modules: [RawRoutesModule] })).rejects.toThrow(
      /^Everybody could use GET \/raw, HEAD \/raw: declare/,
    );
  });
});
