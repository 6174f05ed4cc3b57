import { DiscoveryService } from '@nestjs/core';

/** Time limit of a check, in milliseconds, unless the indicator has its own. */
export const DEFAULT_READINESS_TIMEOUT_MS = 2000;

/**
 * Something that this node needs to serve requests, such as another service. `/health/ready` is 503 while an indicator
 * fails.
 *
 * To add one, provide a class with `@RegisterReadinessIndicator({ name: 'billing' })` in any Nest module of the
 * application.
 */
export interface ReadinessIndicator {
  /** Time limit of `check` in milliseconds; default 2000. A check that takes longer has failed. */
  readonly timeoutMs?: number;

  /**
   * Called for each probe of `/health/ready`, but not while an earlier call is still running: both probes then wait for
   * that call.
   *
   * @throws Error if the node is not ready. The error is logged once, when the indicator begins to fail. Clients receive
   * only the name of the indicator.
   */
  check(): Promise<void> | void;
}

/**
 * Registers a provider as a readiness indicator.
 *
 * `name`: appears in the log and in the response of `/health/ready`; unique in the application
 */
export const RegisterReadinessIndicator = DiscoveryService.createDecorator<{ name: string }>();
