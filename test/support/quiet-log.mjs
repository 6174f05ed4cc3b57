// Replaces src/common/logging/log-destination.ts: services that run inside a test discard their log.
export const logDestination = () => ({ write: () => undefined });
