import { Get, Patch, Put, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ConversationIdParam } from '../auth/conversation-id-param.decorator.js';
import { RequireScope } from '../auth/require-scope.decorator.js';
import { ValidatedBody, ValidatedQuery } from '../common/http/validation/validated-params.decorators.js';
import { FastpacaController } from '../common/http/fastpaca-controller.decorator.js';
import { ConversationId } from '../common/conversation-id.js';
import { JsonTextResponse } from '../common/http/json-text-response.decorator.js';
import { NoQuery } from '../common/http/validation/no-query.dto.js';
import { ApiConversationId } from '../common/openapi/conversation-id.decorator.js';
import { ApiErrors } from '../common/openapi/api-errors.decorator.js';
import { ConversationsService } from './conversations.service.js';
import { ConversationDto, conversationJson } from './dto/conversation.dto.js';
import { METADATA_EXAMPLES, PatchMetadataDto } from './dto/patch-metadata.dto.js';
import { PutConversationDto, SETTINGS_EXAMPLES } from './dto/put-conversation.dto.js';

@ApiTags('conversations')
@ApiConversationId()
@FastpacaController('v1/conversations/:id')
export class ConversationsController {
  constructor(private readonly conversations: ConversationsService) {}

  @Put()
  @RequireScope('conversations:write')
  @JsonTextResponse()
  @ApiOperation({
    summary: 'Create a conversation, or update its settings',
    description:
      'On update an omitted field keeps its value; a given `policy` or `metadata` replaces the whole field. Version and log are untouched.',
    operationId: 'putConversation',
  })
  @ApiCreatedResponse({ type: ConversationDto, description: 'Created' })
  @ApiOkResponse({ type: ConversationDto, description: 'Updated' })
  @ApiErrors(400, 401, 403, 409, 410, 413, 415, 500, 503)
  async put(
    @ConversationIdParam() id: ConversationId,
    @ValidatedBody(PutConversationDto, SETTINGS_EXAMPLES)
    {
      token_budget: tokenBudget,
      trigger_ratio: triggerRatio,
      reserve_tokens: reserveTokens,
      ttl_seconds: ttlSeconds,
      policy,
      metadata,
      model,
    }: PutConversationDto,
    @ValidatedQuery(NoQuery) _query: NoQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const settings = { tokenBudget, triggerRatio, policy, metadata, model, reserveTokens, ttlSeconds };
    const { conversation, created } = await this.conversations.put(id, settings);
    reply.status(created ? 201 : 200);
    return conversationJson(conversation);
  }

  @Get()
  @RequireScope('conversations:read')
  @JsonTextResponse()
  @ApiOperation({
    summary: 'Read the record of a conversation',
    description: 'Works for deleted conversations too.',
    operationId: 'getConversation',
  })
  @ApiOkResponse({ type: ConversationDto })
  @ApiErrors(400, 401, 403, 404, 410, 500, 503)
  async get(
    @ConversationIdParam() id: ConversationId,
    @ValidatedQuery(NoQuery) _query: NoQuery,
  ): Promise<string> {
    return conversationJson(await this.conversations.get(id));
  }

  @Patch('metadata')
  @RequireScope('conversations:write')
  @JsonTextResponse()
  @ApiOperation({
    summary: 'Merge into the metadata',
    description:
      'The merge is shallow: a key replaces its value, a key set to null is removed, other keys stay.',
    operationId: 'patchMetadata',
  })
  @ApiOkResponse({ type: ConversationDto })
  @ApiErrors(400, 401, 403, 404, 409, 410, 413, 415, 500, 503)
  async patchMetadata(
    @ConversationIdParam() id: ConversationId,
    @ValidatedBody(PatchMetadataDto, METADATA_EXAMPLES) { metadata }: PatchMetadataDto,
    @ValidatedQuery(NoQuery) _query: NoQuery,
  ): Promise<string> {
    return conversationJson(await this.conversations.patchMetadata(id, metadata));
  }
}
