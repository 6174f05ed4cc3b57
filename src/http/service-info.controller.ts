import { Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Public } from '../auth/require-scope.decorator.js';
import { FastpacaController } from '../common/http/fastpaca-controller.decorator.js';
import { ApiErrors } from '../common/openapi/api-errors.decorator.js';
import { SchemaTitle } from '../common/openapi/schema-title.decorator.js';
import { PRODUCT_VERSION } from '../common/product-version.js';

@SchemaTitle('ServiceInfo')
class ServiceInfoDto {
  @ApiProperty({ example: 'fastpaca' })
  name!: string;

  @ApiProperty({ description: 'Version of the software', example: '0.1.0' })
  version!: string;

  @ApiProperty({ description: 'Path of the interactive reference', example: '/docs' })
  docs!: string;

  @ApiProperty({ description: 'Path of the OpenAPI document', example: '/docs-json' })
  openapi!: string;

  @ApiProperty({ description: 'Path of the AsyncAPI document', example: '/asyncapi.json' })
  asyncapi!: string;

  @ApiProperty({
    description: 'Path that says whether the service accepts requests',
    example: '/health/ready',
  })
  health!: string;
}

const SERVICE_INFO: ServiceInfoDto = {
  name: 'fastpaca',
  version: PRODUCT_VERSION,
  docs: '/docs',
  openapi: '/docs-json',
  asyncapi: '/asyncapi.json',
  health: '/health/ready',
};

/** Tells a visitor of `/` what answers here. Not part of `FastpacaModule`: `/` of a host application is its own. */
@ApiTags('operation')
@FastpacaController('')
export class ServiceInfoController {
  @Get()
  @Public()
  @ApiOperation({
    summary: 'Name and version of the service, and where its documents are',
    description: 'The version is that of the software; the OpenAPI document has the version of the API.',
    operationId: 'getServiceInfo',
  })
  @ApiOkResponse({ type: ServiceInfoDto })
  @ApiErrors(403)
  read(): ServiceInfoDto {
    return SERVICE_INFO;
  }
}
