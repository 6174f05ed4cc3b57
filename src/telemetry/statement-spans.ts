import { SpanKind, SpanStatusCode, trace, type Span, type Tracer } from '@opentelemetry/api';
import { statementChannel } from '../database/statement-channel.js';

/**
 * Traces each statement that a traced request runs, as a child of the span of that request. A statement that serves
 * several requests at once, such as a batch of appends, is a child of one of them. Statements of background work, such as
 * polls of a stream, have no span. The attributes are those of
 * https://opentelemetry.io/docs/specs/semconv/db/postgresql/, without the values.
 *
 * @returns a function that ends this
 */
export function addStatementSpans(tracer: Tracer): () => void {
  const spans = new WeakMap<object, Span>();
  const ignore = () => undefined;
  const subscriber: Parameters<typeof statementChannel.subscribe>[0] = {
    start(message) {
      const { name } = message.statement;
      // A span that has ended records nothing: its request may have started work in the background.
      if (!trace.getActiveSpan()?.isRecording()) return;
      const attributes = { 'db.system.name': 'postgresql', 'db.query.summary': name };
      spans.set(message, tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }));
    },
    end: ignore,
    asyncStart: ignore,
    error(message) {
      spans
        .get(message)
        ?.setAttributes(errorAttributes(message.error))
        .setStatus({ code: SpanStatusCode.ERROR });
    },
    asyncEnd(message) {
      spans.get(message)?.end();
    },
  };
  statementChannel.subscribe(subscriber);
  return () => statementChannel.unsubscribe(subscriber);
}

/** Codes only: the message of an error may quote a value. */
function errorAttributes(error: unknown): Record<string, string> {
  const { code, name } = error as { code?: string; name?: string };
  return {
    'error.type': code ?? name ?? 'unknown',
    ...(/^[0-9A-Z]{5}$/.test(code ?? '') && { 'db.response.status_code': String(code) }),
  };
}
