import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { Authorizer } from '../auth/authorizer.js';
import { BrowserAccess } from '../auth/browser-access.js';
import { toConversationId } from '../auth/conversation-id-param.decorator.js';
import type { Scope } from '../auth/scopes.js';
import { AppError } from '../common/errors/app-error.js';
import { InvalidPayloadError, RouteNotFoundError, UnavailableError } from '../common/errors/common.errors.js';
import { decodePathSegment } from '../common/http/path-encoding.js';
import { endWithErrorResponse } from '../common/http/raw-error-response.js';
import { requestIdOf } from '../common/http/request-id.js';
import { QueryValidationPipe } from '../common/http/validation/query-validation.pipe.js';
import { log } from '../common/logging/logger.js';
import { withRequestFields } from '../common/logging/request-context.js';
import { withTimeLimit } from '../common/time-limit.js';
import { AppConfig } from '../config/app-config.js';
import { StreamQueryDto } from './dto/stream-query.dto.js';
import { StreamAdmission, type StreamRequest } from './stream-admission.js';

/** The route, as the gateway and the API documents name it. */
export const STREAM_PATH = '/v1/conversations/:id/stream';
/** The same path after the global prefix of a host application. */
const STREAM_PATTERN = /^((?:\/[\w.-]+)*)\/v1\/conversations\/([^/]+)\/stream$/;
const SCOPE: Scope = 'events:read';

interface AdmittedUpgrade {
  stream: StreamRequest;
  requestId: string;
}

/**
 * Admits or rejects websocket upgrades before the handshake, while a rejection can still be an ordinary error response. Applies
 * the same rules to an upgrade as the hooks, the parameters and the pipe of the HTTP route.
 */
@Injectable()
export class WebSocketUpgradeHandler {
  private readonly admittedUpgrades = new WeakMap<IncomingMessage, AdmittedUpgrade>();

  constructor(
    private readonly browserAccess: BrowserAccess,
    private readonly authorizer: Authorizer,
    private readonly admission: StreamAdmission,
    private readonly queryPipe: QueryValidationPipe,
    private readonly adapterHost: HttpAdapterHost,
    private readonly config: AppConfig,
  ) {}

  /** @returns whether the handshake may go on; if not, an error response has been written to the socket */
  admit(request: IncomingMessage, socket: Duplex): Promise<boolean> {
    const requestId = requestIdOf(request.headers);
    return withRequestFields({ request_id: requestId }, async () => {
      try {
        const stream = await this.admitStream(request, socket);
        this.admittedUpgrades.set(request, { stream, requestId });
        log.info({ route: STREAM_PATH, status: 101 }, 'stream');
        return true;
      } catch (error) {
        const known = error instanceof AppError ? error : undefined;
        if (!known) log.error({ err: error }, 'unexpected error');
        rejectUpgrade(socket, known, requestId);
        return false;
      }
    });
  }

  /** Rejects an admitted upgrade whose handshake is not valid. */
  rejectHandshake(cause: Error, request: IncomingMessage, socket: Duplex): void {
    const error = new InvalidPayloadError([{ path: '', message: cause.message }]);
    rejectUpgrade(socket, error, this.admittedUpgrade(request).requestId);
  }

  admittedUpgrade(request: IncomingMessage): AdmittedUpgrade {
    const upgrade = this.admittedUpgrades.get(request);
    if (!upgrade) throw new Error('the upgrade has not been admitted');
    return upgrade;
  }

  /** The stream of an admitted upgrade, once: the request may be kept for longer than its conversation. */
  takeStream(request: IncomingMessage): StreamRequest {
    const { stream } = this.admittedUpgrade(request);
    this.admittedUpgrades.delete(request);
    return stream;
  }

  /** Whether the request is for the stream of a conversation, and not for a gateway of the host application. */
  isStream({ url = '' }: IncomingMessage): boolean {
    return this.streamUrl(url) !== undefined;
  }

  /** Undefined unless the path is that of the HTTP route, which may have a global prefix. */
  private streamUrl(url: string): { idSegment: string; search: string } | undefined {
    const [path = '', search = ''] = url.split(/\?(.*)/s, 2);
    const [, prefix = '', idSegment] = STREAM_PATTERN.exec(path) ?? [];
    if (idSegment === undefined) return undefined;
    const fastify = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    const isRoute = fastify.hasRoute({ method: 'GET', url: prefix + STREAM_PATH });
    return isRoute ? { idSegment, search } : undefined;
  }

  private async admitStream({ url = '', headers }: IncomingMessage, socket: Duplex): Promise<StreamRequest> {
    this.browserAccess.assertAllowed(headers, 'websocket');
    const principal = await this.authorizer.authorize(headers, SCOPE);
    const stream = this.streamUrl(url);
    if (!stream) throw new RouteNotFoundError();
    const decodedId = decodePathSegment(stream.idSegment);
    const [id, query] = await Promise.all([
      toConversationId(decodedId, principal),
      this.queryPipe.validate(parseQuery(stream.search), StreamQueryDto),
    ]);
    return withTimeLimit(
      this.admission.admit(socket, id, query),
      this.config.requestTimeoutMs,
      () => new UnavailableError('The request takes too long'),
    );
  }
}

/** The query in Fastify's form: a repeated parameter becomes a list. */
function parseQuery(search: string): Record<string, string | string[]> {
  const parameters = new URLSearchParams(search);
  const query = Object.create(null) as Record<string, string | string[]>;
  for (const name of new Set(parameters.keys())) {
    const values = parameters.getAll(name);
    query[name] = values.length === 1 ? (values[0] ?? '') : values;
  }
  return query;
}

function rejectUpgrade(socket: Duplex, error: AppError | undefined, requestId: string): void {
  socket.once('finish', () => socket.destroy()); // the client may keep its side open forever
  endWithErrorResponse(socket, error, requestId);
}
