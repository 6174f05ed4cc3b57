import type { FastifyInstance } from 'fastify';
import type { AppConfig } from '../config/app-config.js';

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Exports a trace of every request with OpenTelemetry if the standard variables say so: an OTLP endpoint is set, and
 * neither `OTEL_SDK_DISABLED=true` nor `OTEL_TRACES_EXPORTER=none`. Otherwise nothing is imported and no hook is added.
 *
 * The SDK reads the other `OTEL_*` variables itself. When `fastify` closes, the spans that are left are sent.
 *
 * @param variables the environment; a parameter for tests
 * @throws TracingError the SDK is not installed
 */
export async function enableTracing(
  fastify: FastifyInstance,
  { nodeName }: Pick<AppConfig, 'nodeName'>,
  variables: Variables = process.env,
): Promise<void> {
  if (!isTracingConfigured(variables)) return;
  const { startTracing } = await import('./start-tracing.js');
  await startTracing(fastify, nodeName);
}

/** Whether the environment asks for traces. Empty variables count as unset. */
export function isTracingConfigured(variables: Variables): boolean {
  const { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT } = variables;
  const hasEndpoint = [OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT].some(Boolean);
  const exporters = variables.OTEL_TRACES_EXPORTER?.split(',').map((name) => name.trim());
  const isDisabled = variables.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true';
  return hasEndpoint && !isDisabled && !exporters?.includes('none');
}
