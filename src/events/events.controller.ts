import { Get, Headers, Post, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiExtraModels,
  ApiHeader,
  ApiOperation,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ConversationIdParam } from '../auth/conversation-id-param.decorator.js';
import { RequireScope } from '../auth/require-scope.decorator.js';
import { ValidatedBody, ValidatedQuery } from '../common/http/validation/validated-params.decorators.js';
import { FastpacaController } from '../common/http/fastpaca-controller.decorator.js';
import { ConversationId } from '../common/conversation-id.js';
import { isUnmodified } from '../common/http/entity-tag.js';
import { JsonTextResponse } from '../common/http/json-text-response.decorator.js';
import { NoQuery } from '../common/http/validation/no-query.dto.js';
import { ApiErrors } from '../common/openapi/api-errors.decorator.js';
import { ApiConversationId } from '../common/openapi/conversation-id.decorator.js';
import { ApiEntityTag } from '../common/openapi/entity-tag.decorator.js';
import { APPEND_EXAMPLES, AppendEventsDto } from './dto/append-events.dto.js';
import { AppendedDto, appendedDto, AppendedTurnDto, appendedTurnDto } from './dto/appended.dto.js';
import { EventPageDto } from './dto/event-page.dto.js';
import { ReadEventsDto } from './dto/read-events.dto.js';
import { EventPageCache } from './event-page-cache.js';
import { EventsService } from './events.service.js';
import { IdempotencyKeyHeader } from './idempotency-key.decorator.js';
import { LogPages } from './log-pages.js';

@ApiTags('events')
@ApiConversationId()
@FastpacaController('v1/conversations/:id/events')
export class EventsController {
  constructor(
    private readonly events: EventsService,
    private readonly log: LogPages,
    private readonly pages: EventPageCache,
  ) {}

  @Post()
  @RequireScope('events:append')
  @ApiOperation({
    summary: 'Append one event or a whole turn',
    description: 'Responds when the events are durable. Every later read on any node sees them.',
    operationId: 'appendEvents',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'Alternative to `idempotency_key` in the body',
  })
  @ApiExtraModels(AppendedDto, AppendedTurnDto)
  @ApiCreatedResponse({
    description: '`AppendedDto` for `event`, `AppendedTurnDto` for `events`',
    schema: { oneOf: [{ $ref: getSchemaPath(AppendedDto) }, { $ref: getSchemaPath(AppendedTurnDto) }] },
  })
  @ApiErrors(400, 401, 403, 404, 409, 410, 413, 415, 500, 503)
  async append(
    @ConversationIdParam() id: ConversationId,
    @ValidatedBody(AppendEventsDto, APPEND_EXAMPLES)
    { event, events, if_version: ifVersion, idempotency_key: keyInBody, usage }: AppendEventsDto,
    @ValidatedQuery(NoQuery) _query: NoQuery,
    @IdempotencyKeyHeader() keyHeader?: string,
  ): Promise<AppendedDto | AppendedTurnDto> {
    const turn = {
      events: event ? [event] : (events?.elements() ?? []),
      ifVersion,
      idempotencyKey: keyInBody ?? keyHeader,
      usage: usage && {
        model: usage.model,
        windowVersion: usage.window_version,
        inputTokens: usage.input_tokens,
      },
    };
    const appended = await this.events.append(id, turn, event && (() => 'event'));
    return event ? appendedDto(appended) : appendedTurnDto(appended);
  }

  @Get()
  @RequireScope('events:read')
  @JsonTextResponse()
  @ApiOperation({
    summary: 'Read the log: a range of seqs, or the events after a cursor',
    description: 'A page ends early at about 8 MiB, but never before its first event.',
    operationId: 'readEvents',
  })
  @ApiEntityTag(EventPageDto, 'page', 'Derived from the range of the page and the withdrawn events in it')
  @ApiErrors(400, 401, 403, 404, 410, 500, 503)
  async read(
    @ConversationIdParam() id: ConversationId,
    @ValidatedQuery(ReadEventsDto)
    { from_seq: fromSeq, to_seq: toSeq, cursor, limit, wait_ms: waitMs, withdrawn }: ReadEventsDto,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer | undefined> {
    const request =
      cursor === undefined ? { fromSeq, toSeq, limit, withdrawn } : { cursor, limit, waitMs, withdrawn };
    const range = await this.log.range(id, request);
    const tag = this.pages.tag(range);
    if (isUnmodified(reply, ifNoneMatch, tag)) return undefined;
    return this.pages.read(id, range, tag);
  }
}
