import { Injectable } from '@nestjs/common';
import { UnavailableError } from '../common/errors/common.errors.js';
import { log } from '../common/logging/logger.js';
import { Lifecycle } from '../lifecycle/lifecycle.js';
import { ReadinessRegistry } from './readiness.registry.js';

/** Decides whether this node can serve requests now. */
@Injectable()
export class Readiness {
  private hasLoggedState = false;

  constructor(
    private readonly lifecycle: Lifecycle,
    private readonly registry: ReadinessRegistry,
  ) {}

  /**
   * Runs all indicators at the same time.
   *
   * @throws UnavailableError (503) the service is starting or stopping, or an indicator fails; the message names each one
   */
  async assertReady(): Promise<void> {
    this.assertStarted();
    const checks = this.registry.checks();
    const results = await Promise.all(checks.map((check) => check.run()));
    const failing = checks.filter((_, index) => !results[index]).map(({ name }) => name);
    if (failing.length) throw new UnavailableError(`Not ready: ${failing.join(', ')}`);
  }

  private assertStarted(): void {
    const { isReady, isDraining } = this.lifecycle;
    if (!isReady && !this.hasLoggedState) {
      log.warn(`not ready: the service is ${isDraining ? 'stopping' : 'starting'}`);
    }
    this.hasLoggedState = !isReady;
    if (!isReady) throw new UnavailableError('The service is starting or stopping');
  }
}
