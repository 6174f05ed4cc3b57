import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { Violation } from '../common/errors/app-error.js';
import { InvalidPayloadError } from '../common/errors/common.errors.js';
import { addViolations } from '../common/errors/violations.js';
import { InvalidPolicyConfigError, PolicyConfigReader } from './policy-config.js';
import type { Timeline } from './timeline.js';
import { RegisterPolicy, type Selection, type WindowPolicy } from './window-policy.js';

/** A policy together with its config, ready to select. */
export interface ConfiguredPolicy {
  /** The config's own cap on the budget, for any policy; in tokens. */
  maxTokens: number | undefined;
  timeless: boolean;
  select(timeline: Timeline, now: Date): Selection | Promise<Selection>;
}

const MAX_TOKENS = 1_000_000_000;

/** Every policy of the application, ours and others', by the strategy that conversations name. */
@Injectable()
export class PolicyRegistry implements OnModuleInit {
  private readonly policies = new Map<string, WindowPolicy>();

  constructor(private readonly discovery: DiscoveryService) {}

  /** @throws Error at start if two policies claim one strategy */
  onModuleInit(): void {
    for (const wrapper of this.discovery.getProviders({ metadataKey: RegisterPolicy.KEY })) {
      const strategy = this.discovery.getMetadataByDecorator(RegisterPolicy, wrapper)?.strategy;
      const policy = wrapper.instance as WindowPolicy | undefined;
      if (!strategy || !policy) throw new Error(`@RegisterPolicy on ${wrapper.name} needs a strategy`);
      const other = this.policies.get(strategy);
      if (other === policy) continue; // one provider seen through two modules
      if (other) {
        throw new Error(
          `${wrapper.name} and ${other.constructor.name} both claim the policy strategy "${strategy}"`,
        );
      }
      this.policies.set(strategy, policy);
    }
  }

  /** The strategies there are, sorted. */
  strategies(): string[] {
    return [...this.policies.keys()].sort();
  }

  /**
   * @param config the parsed `policy.config`
   * @throws InvalidPayloadError (400) naming an unknown strategy, or each faulty field of the config
   */
  configure(strategy: string, config: Record<string, unknown>): ConfiguredPolicy {
    const policy = this.policies.get(strategy);
    if (!policy) {
      const known = this.strategies().join(', ');
      const message = `is not a strategy of this server; it has ${known}, and not ${JSON.stringify(strategy.slice(0, 100))}`;
      throw new InvalidPayloadError([{ path: 'policy.strategy', message }]);
    }
    const { max_tokens, trigger_ratio: _, ...own } = config;
    const violations: Violation[] = [];
    const common = collect(violations, () => {
      const reader = new PolicyConfigReader(max_tokens === undefined ? {} : { max_tokens });
      const maxTokens = reader.integer('max_tokens', { min: 1, max: MAX_TOKENS, fallback: MAX_TOKENS });
      reader.finish();
      return { maxTokens: max_tokens == null ? undefined : maxTokens };
    });
    const parsed = collect(violations, () => ({ own: policy.parseConfig(own) }));
    if (!common || !parsed) throw new InvalidPayloadError(violations);
    return {
      maxTokens: common.maxTokens,
      timeless: policy.timeless === true,
      select: (timeline, now) => policy.select(timeline, parsed.own, now),
    };
  }
}

function collect<T>(violations: Violation[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InvalidPolicyConfigError)) throw error;
    const prefixed = error.details.map(({ path, message }) => ({ path: `policy.config.${path}`, message }));
    addViolations(violations, prefixed);
    return undefined;
  }
}
