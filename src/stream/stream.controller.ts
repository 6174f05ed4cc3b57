import { Get, Headers, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ConversationIdParam } from '../auth/conversation-id-param.decorator.js';
import { RequireScope } from '../auth/require-scope.decorator.js';
import { ValidatedQuery } from '../common/http/validation/validated-params.decorators.js';
import { FastpacaController } from '../common/http/fastpaca-controller.decorator.js';
import { ConversationId } from '../common/conversation-id.js';
import { ApiErrors } from '../common/openapi/api-errors.decorator.js';
import { ApiConversationId } from '../common/openapi/conversation-id.decorator.js';
import { StreamQueryDto } from './dto/stream-query.dto.js';
import { FRAME_SCHEMAS } from './frame-schemas.js';
import { LastEventId } from './last-event-id.decorator.js';
import { SseTransport } from './sse.transport.js';
import { UpgradeRequiredError } from './stream.errors.js';
import { StreamAdmission } from './stream-admission.js';
import { StreamConnections } from './stream-connections.js';

const ANY_FRAME = { title: 'Frame', oneOf: Object.values(FRAME_SCHEMAS) } as object;

@ApiTags('stream')
@ApiConversationId()
@FastpacaController('v1/conversations/:id/stream')
export class StreamController {
  constructor(
    private readonly admission: StreamAdmission,
    private readonly connections: StreamConnections,
  ) {}

  @Get()
  @RequireScope('events:read')
  @ApiOperation({
    summary: 'Follow a conversation, as server-sent events or over a websocket',
    description:
      'Sends each change once, in version order. With `Accept: text/event-stream` the response is a stream of server-sent ' +
      'events that ends only with the conversation; `/asyncapi.json` describes the websocket.',
    operationId: 'followConversation',
  })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'Sent by a reader of server-sent events that reconnects; takes the place of `cursor`',
  })
  @ApiOkResponse({
    description: 'Server-sent events; the `data` of each is one of these frames',
    content: { 'text/event-stream': { schema: ANY_FRAME } },
  })
  @ApiErrors(400, 401, 403, 404, 410, 426, 500, 503)
  async follow(
    @ConversationIdParam() id: ConversationId,
    @ValidatedQuery(StreamQueryDto) query: StreamQueryDto,
    @Headers('accept') accept: string | undefined,
    @LastEventId() lastEventId: number | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (!accept?.toLowerCase().includes('text/event-stream')) throw new UpgradeRequiredError();
    const { raw } = reply;
    const stream = await this.admission.admit(raw, id, query, lastEventId);
    reply.hijack();
    if (raw.destroyed) return; // the client has disconnected
    raw.setHeaders(new Map(Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)])));
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no', // nginx would collect frames before it sends them
    });
    if (raw.req.method === 'HEAD') {
      raw.end();
      return;
    }
    raw.flushHeaders();
    const transport = new SseTransport(raw);
    const connection = this.connections.connect(stream, transport);
    transport.onWritable(connection.markAlive);
    raw.on('close', connection.markDisconnected);
    raw.on('error', () => undefined); // `close` follows and is handled
  }
}
