/** Traces are configured, but the package that exports them cannot be loaded. */
export class TracingError extends Error {
  constructor(cause: unknown) {
    super(
      'OTEL_EXPORTER_OTLP_ENDPOINT is set, but @opentelemetry/sdk-node is not installed: ' +
        'run "npm install @opentelemetry/sdk-node", or set OTEL_SDK_DISABLED=true',
      { cause },
    );
  }
}
