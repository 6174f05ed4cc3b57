// Stands in for src/common/logging/log-destination.ts: services that run inside a test log to nowhere.
export const logDestination = () => ({ write: () => undefined });
