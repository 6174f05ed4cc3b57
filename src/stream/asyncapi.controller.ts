import { Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public } from '../auth/require-scope.decorator.js';
import { FastpacaController } from '../common/http/fastpaca-controller.decorator.js';
import { ApiErrors } from '../common/openapi/api-errors.decorator.js';
import { asyncApiDocument } from './asyncapi.js';

@ApiTags('operation')
@FastpacaController('asyncapi.json')
export class AsyncApiController {
  @Get()
  @Public()
  @ApiOperation({
    summary: 'The stream as an AsyncAPI 3 document',
    description: 'Describes the websocket: how to connect, and every frame.',
    operationId: 'getAsyncApi',
  })
  @ApiOkResponse({ schema: { type: 'object', additionalProperties: true } })
  @ApiErrors(403)
  read(): Record<string, unknown> {
    return asyncApiDocument();
  }
}
