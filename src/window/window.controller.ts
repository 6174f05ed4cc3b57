import { Get, Headers, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ConversationIdParam } from '../auth/conversation-id-param.decorator.js';
import { RequireScope } from '../auth/require-scope.decorator.js';
import { ValidatedBody, ValidatedQuery } from '../common/http/validation/validated-params.decorators.js';
import { FastpacaController } from '../common/http/fastpaca-controller.decorator.js';
import { ConversationId } from '../common/conversation-id.js';
import { isUnmodified } from '../common/http/entity-tag.js';
import { JsonTextResponse } from '../common/http/json-text-response.decorator.js';
import { ApiErrors } from '../common/openapi/api-errors.decorator.js';
import { ApiConversationId } from '../common/openapi/conversation-id.decorator.js';
import { ApiEntityTag } from '../common/openapi/entity-tag.decorator.js';
import { PreviewWindowDto, PREVIEW_EXAMPLES, windowPreview } from './dto/preview-window.dto.js';
import { ReadWindowDto, windowOptions } from './dto/read-window.dto.js';
import { WindowDto } from './dto/window.dto.js';
import { WindowService } from './window.service.js';

@ApiTags('window')
@ApiConversationId()
@FastpacaController('v1/conversations/:id/window')
export class WindowController {
  constructor(private readonly windows: WindowService) {}

  @Get()
  @RequireScope('window:read')
  @JsonTextResponse()
  @ApiOperation({
    summary: 'Read the slice of the conversation that goes to the model',
    description:
      'The summaries of the active compactions, and the newest events that the policy selects and the budget allows. ' +
      'Tool calls and their results stay together, and what every provider rejects is repaired: see `repairs`. With `format`, ' +
      'the answer has `prompt` in the place of `messages`: the provider accepts it as it is.',
    operationId: 'readWindow',
  })
  @ApiEntityTag(
    WindowDto,
    'window',
    'Depends on the version and the settings. Absent if the policy depends on the clock, as `time_window` does',
  )
  @ApiErrors(400, 401, 403, 404, 409, 410, 500, 503)
  async read(
    @ConversationIdParam() id: ConversationId,
    @ValidatedQuery(ReadWindowDto) query: ReadWindowDto,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer | undefined> {
    const options = windowOptions(query);
    if (options.explain) return this.windows.previewSerialized(id, {}, options);
    const window = await this.windows.readSerialized(id, options);
    const isUnchanged = window.etag !== undefined && isUnmodified(reply, ifNoneMatch, window.etag);
    return isUnchanged ? undefined : window.serialize();
  }

  @Post('preview')
  @RequireScope('window:read')
  @HttpCode(200)
  @JsonTextResponse()
  @ApiOperation({
    summary: 'Compute a window under other settings or with another compaction, and store nothing',
    description:
      'The response is that of reading the window after a PUT with these settings and this compaction. Neither takes place: ' +
      'version, log, settings and stream are unchanged. The rules are those of PUT and of a compaction.',
    operationId: 'previewWindow',
  })
  @ApiOkResponse({ type: WindowDto })
  @ApiErrors(400, 401, 403, 404, 409, 410, 413, 415, 500, 503)
  preview(
    @ConversationIdParam() id: ConversationId,
    @ValidatedBody(PreviewWindowDto, PREVIEW_EXAMPLES)
    body: PreviewWindowDto,
    @ValidatedQuery(ReadWindowDto) query: ReadWindowDto,
  ): Promise<Buffer> {
    return this.windows.previewSerialized(id, windowPreview(body), windowOptions(query));
  }
}
