import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { Violation } from '../common/errors/app-error.js';
import { InvalidPayloadError } from '../common/errors/common.errors.js';
import { addViolations } from '../common/errors/violations.js';
import { InvalidPolicyConfigError, PolicyConfigReader } from './policy-config.js';
import type { Timeline } from './timeline.js';
import { REMOVED_RESULT_TEXT, RegisterPolicy, type Selection, type WindowPolicy } from './window-policy.js';

/** The config fields that every policy has. */
interface CommonConfig {
  /** `config.max_tokens`: an upper limit of the budget; `Infinity` if not set. */
  maxTokens: number;
  /**
   * `config.trim_ratio`, above 0 and at most 1: if the budget cuts, the window restarts with at least this part of it. So its start
   * stands still until the budget overflows again.
   */
  trimRatio: number;
  /** `config.pin_head`: whether the system and developer events at the beginning of the log stay in every window. */
  pinHead: boolean;
}

/** A policy bound to the config of a conversation. */
export interface ConfiguredPolicy extends CommonConfig {
  /** The text that replaces the outputs of tool results if the newest group does not fit. */
  placeholder: string;
  /** As `WindowPolicy.timeless`. */
  timeless: boolean;
  select(timeline: Timeline, now: Date): Selection | Promise<Selection>;
}

const MAX_TOKENS = 1_000_000_000;
const DEFAULT_TRIM_RATIO = 0.75;

/** All policies of the application, built-in and from other modules, by strategy. */
@Injectable()
export class PolicyRegistry implements OnModuleInit {
  private readonly policies = new Map<string, WindowPolicy>();

  constructor(private readonly discovery: DiscoveryService) {}

  /** @throws Error a policy has no strategy, or two policies claim the same one; the application does not start */
  onModuleInit(): void {
    for (const wrapper of this.discovery.getProviders({ metadataKey: RegisterPolicy.KEY })) {
      const strategy = this.discovery.getMetadataByDecorator(RegisterPolicy, wrapper)?.strategy;
      const policy = wrapper.instance as WindowPolicy | undefined;
      if (!strategy || !policy) throw new Error(`@RegisterPolicy on ${wrapper.name} needs a strategy`);
      const registered = this.policies.get(strategy);
      if (registered === policy) continue; // one provider that two modules export
      if (registered) {
        throw new Error(
          `${wrapper.name} and ${registered.constructor.name} both claim the policy strategy "${strategy}"`,
        );
      }
      this.policies.set(strategy, policy);
    }
  }

  /** The registered strategies, sorted. */
  strategies(): string[] {
    return [...this.policies.keys()].sort();
  }

  /**
   * Validates a strategy and its config.
   *
   * @param config the parsed `policy.config`
   * @throws InvalidPayloadError (400) the strategy is unknown, or the config has violations; names each of them
   */
  configure(strategy: string, config: Record<string, unknown>): ConfiguredPolicy {
    const policy = this.policies.get(strategy);
    if (!policy) {
      const known = this.strategies().join(', ');
      const message = `must be one of ${known}; ${JSON.stringify(strategy.slice(0, 100))} is not a strategy of this server`;
      throw new InvalidPayloadError([{ path: 'policy.strategy', message }]);
    }
    const { max_tokens, trim_ratio, pin_head, trigger_ratio: _, ...policyConfig } = config;
    const violations: Violation[] = [];
    const common = collectViolations(violations, () =>
      readCommonConfig({ max_tokens, trim_ratio, pin_head }),
    );
    const parsed = collectViolations(violations, () => ({ config: policy.parseConfig(policyConfig) }));
    if (!common || !parsed) throw new InvalidPayloadError(violations);
    return {
      ...common,
      placeholder: policy.placeholder?.(parsed.config) ?? REMOVED_RESULT_TEXT,
      timeless: policy.timeless === true,
      select: (timeline, now) => policy.select(timeline, parsed.config, now),
    };
  }
}

function readCommonConfig(raw: Record<string, unknown>): CommonConfig {
  const reader = new PolicyConfigReader(raw);
  const config = {
    maxTokens: reader.integer('max_tokens', { min: 1, max: MAX_TOKENS, fallback: Infinity }),
    trimRatio: reader.ratio('trim_ratio', DEFAULT_TRIM_RATIO),
    pinHead: reader.boolean('pin_head', true),
  };
  reader.finish();
  return config;
}

/** The result of `read`; undefined if it threw violations, which are then added to `violations`. */
function collectViolations<T>(violations: Violation[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InvalidPolicyConfigError)) throw error;
    const prefixed = error.details.map(({ path, message }) => ({ path: `policy.config.${path}`, message }));
    addViolations(violations, prefixed);
    return undefined;
  }
}
