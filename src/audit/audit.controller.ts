import { Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { RequireScope } from '../auth/require-scope.decorator.js';
import { FastpacaController } from '../common/http/fastpaca-controller.decorator.js';
import { ValidatedQuery } from '../common/http/validation/validated-params.decorators.js';
import { ApiErrors } from '../common/openapi/api-errors.decorator.js';
import { AuditService } from './audit.service.js';
import { AuditPageDto, auditPageDto } from './dto/audit-page.dto.js';
import { ReadAuditDto } from './dto/read-audit.dto.js';

@ApiTags('audit')
@FastpacaController('v1/audit')
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  @Get()
  @RequireScope('audit:read')
  @ApiOperation({
    summary: 'Read the audit log of the namespace, newest first',
    description:
      'Entries never change, and an entry is stored in the same transaction as what it records. They hold no text and no keys.',
    operationId: 'readAudit',
  })
  @ApiOkResponse({ type: AuditPageDto })
  @ApiErrors(400, 401, 403, 500, 503)
  async read(
    @CurrentPrincipal() { namespace }: Principal,
    @ValidatedQuery(ReadAuditDto) { limit, cursor }: ReadAuditDto,
  ): Promise<AuditPageDto> {
    return auditPageDto(await this.audit.list(namespace, cursor, limit));
  }
}
