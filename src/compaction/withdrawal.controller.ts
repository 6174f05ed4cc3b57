import { HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ConversationIdParam } from '../auth/conversation-id-param.decorator.js';
import { RequireScope } from '../auth/require-scope.decorator.js';
import { ConversationId } from '../common/conversation-id.js';
import { FastpacaController } from '../common/http/fastpaca-controller.decorator.js';
import { NoQuery } from '../common/http/validation/no-query.dto.js';
import { ValidatedBody, ValidatedQuery } from '../common/http/validation/validated-params.decorators.js';
import { ApiErrors } from '../common/openapi/api-errors.decorator.js';
import { ApiConversationId } from '../common/openapi/conversation-id.decorator.js';
import { CompactionService } from './compaction.service.js';
import { CompactedDto, compactedDto } from './dto/compact.dto.js';
import { WithdrawDto, WITHDRAWAL_EXAMPLES } from './dto/withdraw.dto.js';

@ApiTags('compaction')
@ApiConversationId()
@FastpacaController('v1/conversations/:id/withdraw')
export class WithdrawalController {
  constructor(private readonly compactions: CompactionService) {}

  @Post()
  @RequireScope('compaction:write')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Take a range of events out of the windows, for example to edit or to regenerate a turn',
    description:
      'A compaction without messages: nothing takes the place of the events, also of pinned ones. The log keeps them, and its ' +
      'pages mark them with `withdrawn_at_version`. The rules for the range are those of `compact`. The events stay withdrawn ' +
      'when a later compaction covers them, until the withdrawal is undone.',
    operationId: 'withdraw',
  })
  @ApiOkResponse({ type: CompactedDto })
  @ApiErrors(400, 401, 403, 404, 409, 410, 413, 415, 500, 503)
  async withdraw(
    @ConversationIdParam() id: ConversationId,
    @ValidatedBody(WithdrawDto, WITHDRAWAL_EXAMPLES)
    { from_seq: fromSeq, to_seq: toSeq, if_version: ifVersion }: WithdrawDto,
    @ValidatedQuery(NoQuery) _query: NoQuery,
  ): Promise<CompactedDto> {
    return compactedDto(await this.compactions.withdraw(id, { fromSeq, toSeq, ifVersion }));
  }
}
