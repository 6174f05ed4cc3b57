import { Delete, Get, HttpCode } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { RequireScope } from '../auth/require-scope.decorator.js';
import { FastpacaController } from '../common/http/fastpaca-controller.decorator.js';
import { NoQuery } from '../common/http/validation/no-query.dto.js';
import { ValidatedQuery } from '../common/http/validation/validated-params.decorators.js';
import { ApiErrors } from '../common/openapi/api-errors.decorator.js';
import { CalibrationService } from './calibration.service.js';
import { CalibrationsDto, calibrationsDto } from './dto/calibration.dto.js';
import { ModelParam } from './model-param.decorator.js';

@ApiTags('calibrations')
@FastpacaController('v1/calibrations')
export class CalibrationController {
  constructor(private readonly calibrations: CalibrationService) {}

  @Get()
  @RequireScope('conversations:read')
  @ApiOperation({
    summary: 'List what usage reports have taught about the models of the namespace',
    description: 'The token factor of each model that was reported by a conversation of this model.',
    operationId: 'listCalibrations',
  })
  @ApiOkResponse({ type: CalibrationsDto })
  @ApiErrors(400, 401, 403, 500, 503)
  async list(
    @CurrentPrincipal() { namespace }: Principal,
    @ValidatedQuery(NoQuery) _query: NoQuery,
  ): Promise<CalibrationsDto> {
    return calibrationsDto(await this.calibrations.list(namespace));
  }

  @Delete(':model')
  @RequireScope('conversations:write')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Forget what was learned about a model',
    description:
      'Its factor is 1 until enough new reports have arrived. A model without reports has nothing to forget and also responds 204.',
    operationId: 'resetCalibration',
  })
  @ApiParam({
    name: 'model',
    description: 'The model as conversations name it, percent-encoded',
    schema: { type: 'string', minLength: 1, maxLength: 255, example: 'claude-opus-5' },
  })
  @ApiNoContentResponse()
  @ApiErrors(400, 401, 403, 500, 503)
  reset(
    @CurrentPrincipal() { namespace }: Principal,
    @ModelParam() model: string,
    @ValidatedQuery(NoQuery) _query: NoQuery,
  ): Promise<void> {
    return this.calibrations.reset(namespace, model);
  }
}
