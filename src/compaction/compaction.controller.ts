import { HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ConversationIdParam } from '../auth/conversation-id-param.decorator.js';
import { RequireScope } from '../auth/require-scope.decorator.js';
import { ValidatedBody, ValidatedQuery } from '../common/http/validation/validated-params.decorators.js';
import { FastpacaController } from '../common/http/fastpaca-controller.decorator.js';
import { ConversationId } from '../common/conversation-id.js';
import { NoQuery } from '../common/http/validation/no-query.dto.js';
import { ApiErrors } from '../common/openapi/api-errors.decorator.js';
import { ApiConversationId } from '../common/openapi/conversation-id.decorator.js';
import { CompactionService } from './compaction.service.js';
import {
  CompactDto,
  CompactedDto,
  compactedDto,
  COMPACTION_EXAMPLES,
  newCompaction,
} from './dto/compact.dto.js';

@ApiTags('compaction')
@ApiConversationId()
@FastpacaController('v1/conversations/:id/compact')
export class CompactionController {
  constructor(private readonly compactions: CompactionService) {}

  @Post()
  @RequireScope('compaction:write')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Replace a range of seqs for the model',
    description:
      'The log is untouched, and appends continue meanwhile. The range must contain each active compaction entirely, ' +
      'and then replaces it, or not at all; otherwise the response is 400 with `reason` `range_overlap`, or `range_gap` ' +
      'if the range reaches outside the log. A range may cut through a group (a tool call and its results, or reasoning ' +
      'and the event that follows it): the response then has a warning with the nearest larger range that does not, ' +
      'and windows repair what is left of the group. `snap` replaces that larger range at once.',
    operationId: 'compact',
  })
  @ApiOkResponse({ type: CompactedDto })
  @ApiErrors(400, 401, 403, 404, 409, 410, 413, 415, 500, 503)
  async compact(
    @ConversationIdParam() id: ConversationId,
    @ValidatedBody(CompactDto, COMPACTION_EXAMPLES)
    body: CompactDto,
    @ValidatedQuery(NoQuery) _query: NoQuery,
  ): Promise<CompactedDto> {
    const compaction = { ...newCompaction(body), ifVersion: body.if_version };
    return compactedDto(await this.compactions.compact(id, compaction));
  }
}
