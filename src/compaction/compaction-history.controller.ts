import { Get, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ConversationIdParam } from '../auth/conversation-id-param.decorator.js';
import { RequireScope } from '../auth/require-scope.decorator.js';
import { ConversationId } from '../common/conversation-id.js';
import { FastpacaController } from '../common/http/fastpaca-controller.decorator.js';
import { JsonTextResponse } from '../common/http/json-text-response.decorator.js';
import { NoQuery } from '../common/http/validation/no-query.dto.js';
import { ValidatedBody, ValidatedQuery } from '../common/http/validation/validated-params.decorators.js';
import { ApiErrors } from '../common/openapi/api-errors.decorator.js';
import { ApiConversationId } from '../common/openapi/conversation-id.decorator.js';
import { CompactionVersionParam } from './compaction-version-param.decorator.js';
import { CompactionService } from './compaction.service.js';
import {
  CompactionPageDto,
  compactionPageJson,
  ListCompactionsDto,
  UndoDto,
  UndoneDto,
  UNDO_EXAMPLES,
} from './dto/list-compactions.dto.js';

@ApiTags('compaction')
@ApiConversationId()
@FastpacaController('v1/conversations/:id/compactions')
export class CompactionHistoryController {
  constructor(private readonly compactions: CompactionService) {}

  @Get()
  @RequireScope('events:read')
  @JsonTextResponse()
  @ApiOperation({
    summary: 'List the compactions and withdrawals, active and past ones, newest first',
    description: 'A page ends early at about 8 MiB of messages, but never before its first compaction.',
    operationId: 'listCompactions',
  })
  @ApiOkResponse({ type: CompactionPageDto })
  @ApiErrors(400, 401, 403, 404, 410, 500, 503)
  async list(
    @ConversationIdParam() id: ConversationId,
    @ValidatedQuery(ListCompactionsDto) query: ListCompactionsDto,
  ): Promise<string> {
    return compactionPageJson(await this.compactions.list(id, query));
  }

  @Post(':version/undo')
  @RequireScope('compaction:write')
  @HttpCode(200)
  @ApiParam({
    name: 'version',
    description: 'The version of the compaction',
    schema: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
  })
  @ApiOperation({
    summary: 'Undo a compaction or a withdrawal',
    description:
      'What it has replaced is back: its events, or earlier compactions. Only an active compaction can be undone; otherwise the response is ' +
      '409 with `reason` `compaction_replaced` or `compaction_undone`.',
    operationId: 'undoCompaction',
  })
  @ApiOkResponse({ type: UndoneDto })
  @ApiErrors(400, 401, 403, 404, 409, 410, 413, 415, 500, 503)
  async undo(
    @ConversationIdParam() id: ConversationId,
    @CompactionVersionParam() compaction: number,
    @ValidatedBody(UndoDto, UNDO_EXAMPLES) { if_version: ifVersion }: UndoDto,
    @ValidatedQuery(NoQuery) _query: NoQuery,
  ): Promise<UndoneDto> {
    return { version: await this.compactions.undo(id, compaction, ifVersion) };
  }
}
