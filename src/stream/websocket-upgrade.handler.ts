import type { IncomingMessage } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { ApiKeys } from '../auth/api-keys.js';
import { BrowserAccess } from '../auth/browser-access.js';
import type { Scope } from '../auth/scopes.js';
import { ConversationId, idViolation } from '../common/conversation-id.js';
import { AppError } from '../common/errors/app-error.js';
import {
  ForbiddenError,
  InvalidPayloadError,
  RouteNotFoundError,
  UnauthorizedError,
  UnavailableError,
} from '../common/errors/common.errors.js';
import { errorBody, errorHeaders } from '../common/http/error-body.js';
import { requestIdOf } from '../common/http/request-id.js';
import { RequestValidationPipe } from '../common/http/validation/request-validation.pipe.js';
import { log } from '../common/logging/logger.js';
import { withTimeLimit } from '../common/time-limit.js';
import { AppConfig } from '../config/app-config.js';
import { Connections, type StreamRequest } from './connections.js';
import { StreamQueryDto } from './dto/stream-query.dto.js';
import { StreamAdmission } from './stream-admission.js';

/** The route, as the gateway and the documents name it. */
export const STREAM_PATH = '/v1/conversations/:id/stream';
const STREAM_PATTERN = /^\/v1\/conversations\/([^/]+)\/stream$/;
const SCOPE: Scope = 'events:read';

/** An upgrade that was admitted. */
interface Accepted {
  stream: StreamRequest;
  requestId: string;
}

/** Decides about websockets while a refusal can still be a plain HTTP answer, in the shape of all errors. */
@Injectable()
export class WebSocketUpgradeHandler {
  private readonly accepted = new WeakMap<IncomingMessage, Accepted>();

  constructor(
    private readonly access: BrowserAccess,
    private readonly apiKeys: ApiKeys,
    private readonly requests: StreamAdmission,
    private readonly connections: Connections,
    private readonly pipe: RequestValidationPipe,
    private readonly config: AppConfig,
  ) {}

  /** @returns whether the upgrade may go on; if not, the socket has been answered */
  async admit(request: IncomingMessage, socket: Duplex): Promise<boolean> {
    const requestId = requestIdOf(request.headers);
    try {
      this.access.check(request.headers, 'websocket');
      const { id, query } = this.decode(request);
      socket.once('close', this.connections.reserve());
      const accepted = withTimeLimit(
        this.requests.accept(id, query),
        this.config.requestTimeoutMs,
        () => new UnavailableError('The request takes too long'),
      );
      this.accepted.set(request, { stream: await accepted, requestId });
      log.info({ request_id: requestId, conversation_id: id.id, route: STREAM_PATH, status: 101 }, 'stream');
      return true;
    } catch (error) {
      const known = error instanceof AppError ? error : undefined;
      if (!known) log.error({ err: error, request_id: requestId }, 'unexpected error');
      rejectUpgrade(socket, known, requestId);
      return false;
    }
  }

  /** Answers an upgrade that was admitted, but is no good handshake. */
  rejectHandshake(cause: Error, request: IncomingMessage, socket: Duplex): void {
    const error = new InvalidPayloadError([{ path: '', message: cause.message }]);
    rejectUpgrade(socket, error, this.requestIdFor(request));
  }

  /** What was accepted for this upgrade. */
  acceptedFor(request: IncomingMessage): StreamRequest {
    return this.admitted(request).stream;
  }

  /** The id of this upgrade's answer and log line. */
  requestIdFor(request: IncomingMessage): string {
    return this.admitted(request).requestId;
  }

  private admitted(request: IncomingMessage): Accepted {
    const accepted = this.accepted.get(request);
    if (!accepted) throw new Error('an upgrade must have been admitted');
    return accepted;
  }

  private decode({ url = '', headers }: IncomingMessage): { id: ConversationId; query: StreamQueryDto } {
    const [path = '', search = ''] = url.split(/\?(.*)/s, 2);
    const principal = this.apiKeys.principal(headers.authorization);
    if (!principal) throw new UnauthorizedError();
    if (!principal.scopes.has(SCOPE)) throw new ForbiddenError(SCOPE);
    const [, encodedId] = STREAM_PATTERN.exec(path) ?? [];
    if (encodedId === undefined) throw new RouteNotFoundError();
    const id = decodeId(encodedId);
    const { dto: query, violations } = this.pipe.query(queryOf(search), StreamQueryDto);
    const violation = idViolation(id);
    if (violation) violations.unshift({ path: 'id', message: violation });
    if (violations.length) throw new InvalidPayloadError(violations);
    return { id: new ConversationId(principal.namespace, id), query };
  }
}

function decodeId(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new InvalidPayloadError([{ path: '', message: 'The path is not valid percent-encoding' }]);
  }
}

/** As Fastify gives it to the other routes: repeated parameters as a list. */
function queryOf(search: string): Record<string, string | string[]> {
  const parameters = new URLSearchParams(search);
  const query = Object.create(null) as Record<string, string | string[]>;
  for (const name of new Set(parameters.keys())) {
    const values = parameters.getAll(name);
    query[name] = values.length === 1 ? (values[0] ?? '') : values;
  }
  return query;
}

function rejectUpgrade(socket: Duplex, error: AppError | undefined, requestId: string): void {
  const status = error?.status ?? 500;
  const body = JSON.stringify(errorBody(error, requestId));
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
    'x-request-id': requestId,
    ...errorHeaders(error),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.once('finish', () => socket.destroy()); // the client may keep its half open for ever
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
}
