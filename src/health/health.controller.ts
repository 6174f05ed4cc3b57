import { Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Probe } from '../auth/require-scope.decorator.js';
import { FastpacaController } from '../common/http/fastpaca-controller.decorator.js';
import { ApiErrors } from '../common/openapi/api-errors.decorator.js';
import { Readiness } from './readiness.js';
import { SchemaTitle } from '../common/openapi/schema-title.decorator.js';

@SchemaTitle('Health')
class HealthDto {
  @ApiProperty({ enum: ['ok'] })
  status!: 'ok';
}

@ApiTags('operation')
@FastpacaController('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  @Get('live')
  @Probe()
  @ApiOperation({
    summary: 'Whether the process is running',
    description: 'Does not check the database.',
    operationId: 'getLiveness',
  })
  @ApiOkResponse({ type: HealthDto })
  @ApiErrors(400)
  live(): HealthDto {
    return { status: 'ok' };
  }

  @Get('ready')
  @Probe()
  @ApiOperation({
    summary: 'Whether the service accepts requests',
    description:
      'It has started and is not stopping, the database accepts writes, and no other readiness indicator fails.',
    operationId: 'getReadiness',
  })
  @ApiOkResponse({ type: HealthDto })
  @ApiErrors(400, 503)
  async ready(): Promise<HealthDto> {
    await this.readiness.assertReady();
    return { status: 'ok' };
  }
}
