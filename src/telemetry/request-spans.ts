import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { requestFields } from '../common/logging/request-context.js';

/**
 * Adds hooks that trace each request in one server span, whose parent is the caller's span (W3C `traceparent`). The
 * attributes are those of https://opentelemetry.io/docs/specs/semconv/http/http-spans/, without the query string.
 */
export function addRequestSpans(fastify: FastifyInstance, tracer: Tracer): void {
  const spans = new WeakMap<FastifyRequest, Span>();
  fastify.addHook('onRequest', (request, reply, done) => {
    const parent = propagation.extract(ROOT_CONTEXT, request.headers);
    const options = { kind: SpanKind.SERVER, attributes: attributesOf(request) };
    const span = tracer.startSpan(nameOf(request), options, parent);
    spans.set(request, span);
    reply.raw.once('close', () => endSpan(span, reply));
    context.with(trace.setSpan(parent, span), done);
  });
  fastify.addHook('onResponse', (request, _reply, done) => {
    const { conversation_id, seq } = requestFields() ?? {};
    spans.get(request)?.setAttributes({
      ...(conversation_id !== undefined && { 'fastpaca.conversation_id': conversation_id }),
      ...(seq !== undefined && { 'fastpaca.seq': seq }),
    });
    done();
  });
}

/** The pattern of the route, never the path, which contains ids. */
function nameOf({ method, routeOptions: { url: route } }: FastifyRequest): string {
  return route === undefined ? method : `${method} ${route}`;
}

function attributesOf(request: FastifyRequest): Attributes {
  const { method, url, protocol, hostname, headers, raw, routeOptions, id } = request;
  return {
    'http.request.method': method,
    'http.route': routeOptions.url,
    'url.path': url.split('?', 1)[0],
    'url.scheme': protocol,
    'server.address': hostname || undefined,
    'network.protocol.version': raw.httpVersion,
    'user_agent.original': headers['user-agent'],
    'fastpaca.request_id': id,
  };
}

function endSpan(span: Span, { raw }: FastifyReply): void {
  const { headersSent, statusCode } = raw;
  if (headersSent) span.setAttribute('http.response.status_code', statusCode);
  const errorType = headersSent ? statusCode >= 500 && String(statusCode) : 'connection_closed';
  if (errorType) span.setAttribute('error.type', errorType).setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
