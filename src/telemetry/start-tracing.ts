import { diag, DiagLogLevel, trace } from '@opentelemetry/api';
import type { NodeSDK } from '@opentelemetry/sdk-node';
import type { FastifyInstance } from 'fastify';
import { isError } from '../common/errors/is-error.js';
import { log } from '../common/logging/logger.js';
import { PRODUCT_VERSION } from '../common/product-version.js';
import { withTimeLimit } from '../common/time-limit.js';
import { addRequestSpans } from './request-spans.js';
import { addStatementSpans } from './statement-spans.js';
import { TracingError } from './tracing.errors.js';

/** How long a stop waits for the collector, in milliseconds. A collector that is down must not make a stop unclean. */
const FLUSH_TIMEOUT_MS = 2000;

/**
 * Starts the SDK, traces the requests of `fastify` and the statements they run, and sends the last spans when `fastify`
 * closes.
 *
 * @throws TracingError the SDK is not installed
 */
export async function startTracing(fastify: FastifyInstance, nodeName: string): Promise<void> {
  const sdk = await createSdk(nodeName);
  diag.setLogger(sdkLogger(), { logLevel: sdkLogLevel(), suppressOverrideMessage: true });
  sdk.start();
  const tracer = trace.getTracer('fastpaca', PRODUCT_VERSION);
  addRequestSpans(fastify, tracer);
  const removeStatementSpans = addStatementSpans(tracer);
  fastify.addHook('onClose', async () => {
    removeStatementSpans();
    await flush(sdk);
  });
}

/** A dynamic import: the SDK is an optional peer dependency. */
async function createSdk(nodeName: string): Promise<NodeSDK> {
  const { NodeSDK } = await import('@opentelemetry/sdk-node').catch((error: unknown) => {
    throw isMissing(error) ? new TracingError(error) : error;
  });
  setDefaults(process.env, nodeName);
  // Traces only: metrics are at `/metrics`, logs are on stdout.
  return new NodeSDK({ metricReaders: [], logRecordProcessors: [] });
}

function isMissing(error: unknown): boolean {
  return (error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND';
}

/** Defaults of the variables that the SDK reads. The later of two equal resource attributes wins. */
function setDefaults(environment: NodeJS.ProcessEnv, nodeName: string): void {
  const attributes = {
    'service.name': 'fastpaca',
    'service.version': PRODUCT_VERSION,
    'service.instance.id': nodeName,
  };
  const defaults = Object.entries(attributes).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const given = environment.OTEL_RESOURCE_ATTRIBUTES;
  environment.OTEL_RESOURCE_ATTRIBUTES = [...defaults, ...(given ? [given] : [])].join(',');
  // Not the SDK's default, which includes the command line of the process: it may contain an API key.
  environment.OTEL_NODE_RESOURCE_DETECTORS ??= 'env,host';
}

async function flush(sdk: NodeSDK): Promise<void> {
  const timeout = () => new Error(`the collector did not answer within ${FLUSH_TIMEOUT_MS} ms`);
  try {
    await withTimeLimit(sdk.shutdown(), FLUSH_TIMEOUT_MS, timeout);
  } catch (error) {
    log.warn({ err: error }, 'the last spans were not sent');
  }
}

/** Writes the SDK's messages to the log of the service instead of the console. */
function sdkLogger() {
  const write =
    (level: 'warn' | 'info' | 'debug' | 'trace') =>
    (message: string, ...details: unknown[]): void => {
      const error = details.find(isError);
      log[level]({ ...(error && { err: error }) }, `opentelemetry: ${message}`);
    };
  return {
    error: write('warn'), // a lost span is no error of the service
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    verbose: write('trace'),
  };
}

function sdkLogLevel(): DiagLogLevel {
  const name = process.env.OTEL_LOG_LEVEL?.trim().toUpperCase() ?? '';
  const levels = DiagLogLevel as unknown as Record<string, DiagLogLevel | undefined>;
  return levels[name] ?? DiagLogLevel.WARN;
}
