import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Conversation } from '../auth/conversation.decorator.js';
import { RequireScope } from '../auth/require-scope.decorator.js';
import { ConversationId } from '../common/conversation-id.js';
import { AnswersJsonText } from '../common/http/json-text.decorator.js';
import { ApiErrors } from '../common/openapi/api-errors.decorator.js';
import { ApiConversationId } from '../common/openapi/conversation-id.decorator.js';
import { ReadWindowDto } from './dto/read-window.dto.js';
import { WindowDto, windowJson } from './dto/window.dto.js';
import { WindowService } from './window.service.js';

@ApiTags('window')
@ApiConversationId()
@Controller('v1/conversations/:id/window')
export class WindowController {
  constructor(private readonly windows: WindowService) {}

  @Get()
  @RequireScope('window:read')
  @AnswersJsonText()
  @ApiOperation({
    summary: 'Read the slice of the conversation that goes to the model',
    description:
      'Within the budget, the newest contiguous run of what the policy leaves, and valid for the provider.',
    operationId: 'readWindow',
  })
  @ApiOkResponse({ type: WindowDto })
  @ApiErrors(400, 401, 403, 404, 409, 500, 503)
  async read(@Conversation() id: ConversationId, @Query() query: ReadWindowDto): Promise<string> {
    const { budget_tokens: budgetTokens, if_version: ifVersion } = query;
    return windowJson(await this.windows.read(id, { budgetTokens, ifVersion }));
  }
}
