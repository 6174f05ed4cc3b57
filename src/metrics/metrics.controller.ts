import { Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Public } from '../auth/require-scope.decorator.js';
import { FastpacaController } from '../common/http/fastpaca-controller.decorator.js';
import { ApiErrors } from '../common/openapi/api-errors.decorator.js';
import { Metrics } from './metrics.js';

@ApiTags('operation')
@FastpacaController('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get()
  @Public()
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiOperation({
    summary: 'Metrics in the Prometheus text format',
    description: 'Metrics of this node, and of the modules that use the same registry.',
    operationId: 'getMetrics',
  })
  @ApiProduces('text/plain')
  @ApiOkResponse({ schema: { type: 'string' } })
  @ApiErrors(403)
  read(): Promise<string> {
    return this.metrics.read();
  }
}
