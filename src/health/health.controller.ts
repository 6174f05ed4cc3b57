import { Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Probe } from '../auth/require-scope.decorator.js';
import { UnavailableError } from '../common/errors/common.errors.js';
import { FastpacaController } from '../common/http/fastpaca-controller.decorator.js';
import { ApiErrors } from '../common/openapi/api-errors.decorator.js';
import { Database } from '../database/database.js';
import { Lifecycle } from '../lifecycle/lifecycle.js';
import { CHECK_WRITABLE } from './health.sql.js';

class HealthDto {
  @ApiProperty({ enum: ['ok'] })
  status!: 'ok';
}

@ApiTags('operation')
@FastpacaController('health')
export class HealthController {
  constructor(
    private readonly lifecycle: Lifecycle,
    private readonly database: Database,
  ) {}

  @Get('live')
  @Probe()
  @ApiOperation({
    summary: 'Whether the process is running; does not check the database',
    operationId: 'getLiveness',
  })
  @ApiOkResponse({ type: HealthDto })
  live(): HealthDto {
    return { status: 'ok' };
  }

  @Get('ready')
  @Probe()
  @ApiOperation({
    summary: 'Whether the service accepts requests: started, not draining, and the database accepts writes',
    operationId: 'getReadiness',
  })
  @ApiOkResponse({ type: HealthDto })
  @ApiErrors(503)
  async ready(): Promise<HealthDto> {
    if (!this.lifecycle.isReady) throw new UnavailableError('The service is starting or stopping');
    const [row] = await this.database.query<{ writable: boolean }>(CHECK_WRITABLE, []);
    if (!row?.writable) throw new UnavailableError('The database server does not accept writes');
    return { status: 'ok' };
  }
}
