import { Controller, Get, Headers, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ConversationIdParam } from '../auth/conversation-id-param.decorator.js';
import { RequireScope } from '../auth/require-scope.decorator.js';
import { ConversationId } from '../common/conversation-id.js';
import { isUnmodified } from '../common/http/entity-tag.js';
import { JsonTextResponse } from '../common/http/json-text-response.decorator.js';
import { ApiErrors } from '../common/openapi/api-errors.decorator.js';
import { ApiConversationId } from '../common/openapi/conversation-id.decorator.js';
import { ApiEntityTag } from '../common/openapi/entity-tag.decorator.js';
import { ReadWindowDto } from './dto/read-window.dto.js';
import { WindowDto } from './dto/window.dto.js';
import { WindowService } from './window.service.js';

@ApiTags('window')
@ApiConversationId()
@Controller('v1/conversations/:id/window')
export class WindowController {
  constructor(private readonly windows: WindowService) {}

  @Get()
  @RequireScope('window:read')
  @JsonTextResponse()
  @ApiOperation({
    summary: 'Read the slice of the conversation that goes to the model',
    description:
      'Within the budget, the newest contiguous run of what the policy leaves, and valid for the provider.',
    operationId: 'readWindow',
  })
  @ApiEntityTag(
    WindowDto,
    'window',
    'From the version and the settings; absent where the window follows from the clock too',
  )
  @ApiErrors(400, 401, 403, 404, 409, 500, 503)
  async read(
    @ConversationIdParam() id: ConversationId,
    @Query() query: ReadWindowDto,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer | undefined> {
    const { budget_tokens: budgetTokens, if_version: ifVersion } = query;
    const window = await this.windows.read(id, { budgetTokens, ifVersion });
    const isUnchanged = window.tag !== undefined && isUnmodified(reply, ifNoneMatch, window.tag);
    return isUnchanged ? undefined : window.body;
  }
}
