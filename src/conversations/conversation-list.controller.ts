import { Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { RequireScope } from '../auth/require-scope.decorator.js';
import { FastpacaController } from '../common/http/fastpaca-controller.decorator.js';
import { JsonTextResponse } from '../common/http/json-text-response.decorator.js';
import { ValidatedQuery } from '../common/http/validation/validated-params.decorators.js';
import { ApiErrors } from '../common/openapi/api-errors.decorator.js';
import { ConversationsService } from './conversations.service.js';
import { ConversationPageDto, conversationPageJson } from './dto/conversation-page.dto.js';
import { ListConversationsDto } from './dto/list-conversations.dto.js';

@ApiTags('conversations')
@FastpacaController('v1/conversations')
export class ConversationListController {
  constructor(private readonly conversations: ConversationsService) {}

  @Get()
  @RequireScope('conversations:read')
  @JsonTextResponse()
  @ApiOperation({
    summary: 'List the conversations of the namespace, the newest first',
    description:
      'A page costs the same for any number of conversations. It also ends at about 8 MiB of metadata and policies, after at least ' +
      'one conversation.',
    operationId: 'listConversations',
  })
  @ApiOkResponse({ type: ConversationPageDto })
  @ApiErrors(400, 401, 403, 500, 503)
  async list(
    @CurrentPrincipal() { namespace }: Principal,
    @ValidatedQuery(ListConversationsDto) query: ListConversationsDto,
  ): Promise<string> {
    return conversationPageJson(await this.conversations.list(namespace, query));
  }
}
