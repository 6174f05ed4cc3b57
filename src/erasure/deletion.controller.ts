import { Delete, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ConversationIdParam } from '../auth/conversation-id-param.decorator.js';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import { actorOf, type Principal } from '../auth/principal.js';
import { RequireScope } from '../auth/require-scope.decorator.js';
import { ConversationId } from '../common/conversation-id.js';
import { FastpacaController } from '../common/http/fastpaca-controller.decorator.js';
import { ValidatedQuery } from '../common/http/validation/validated-params.decorators.js';
import { ApiErrors } from '../common/openapi/api-errors.decorator.js';
import { ApiConversationId } from '../common/openapi/conversation-id.decorator.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { DeleteConversationDto } from './dto/delete-conversation.dto.js';
import { ErasureReceiptDto, erasureReceiptDto } from './dto/erasure-receipt.dto.js';
import { ErasureService } from './erasure.service.js';

@ApiTags('conversations')
@ApiConversationId()
@FastpacaController('v1/conversations/:id')
export class DeletionController {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly erasures: ErasureService,
  ) {}

  @Delete()
  @RequireScope('conversations:write', { parameter: 'mode', value: 'erase', scope: 'conversations:erase' })
  @ApiOperation({
    summary: 'Delete: reads still work, writes are rejected with 409. Or erase, for good',
    description:
      'Leaves a tombstone. Deleting again has no effect and also responds 204.\n\n' +
      'With `mode=erase`, which requires the scope `conversations:erase` instead of `conversations:write`: deletes events, ' +
      'compactions, metadata, settings and idempotency keys from the tables and from the memory of every node, also of a ' +
      'conversation that was deleted before. Every other request for the conversation is then a 410, and its id cannot be used ' +
      'again. Responds when the tables have no text of it any more. A 503 of a long conversation says that this takes longer: ' +
      'repeat the request. A repeated request responds with the same receipt.',
    operationId: 'deleteConversation',
  })
  @ApiOkResponse({ type: ErasureReceiptDto, description: 'Erased' })
  @ApiNoContentResponse({ description: 'Deleted' })
  @ApiErrors(400, 401, 403, 404, 410, 500, 503)
  async delete(
    @ConversationIdParam() id: ConversationId,
    @ValidatedQuery(DeleteConversationDto) { mode }: DeleteConversationDto,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ErasureReceiptDto | undefined> {
    if (mode === 'erase') return erasureReceiptDto(await this.erasures.erase(id, actorOf(principal)));
    await this.conversations.tombstone(id);
    reply.status(204);
    return undefined;
  }
}
