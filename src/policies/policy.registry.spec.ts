import { describe, expect, it } from '@jest/globals';
import { Injectable, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { InMemoryTimeline } from './testing/in-memory-timeline.js';
import { PoliciesModule } from './policies.module.js';
import { InvalidPolicyConfigError } from './policy-config.js';
import { PolicyRegistry } from './policy.registry.js';
import { RegisterPolicy, type Selection, type WindowPolicy } from './window-policy.js';

@Injectable()
@RegisterPolicy({ strategy: 'from_two' })
class FromTwoPolicy implements WindowPolicy<void> {
  parseConfig(raw: Record<string, unknown>): void {
    const violations = Object.keys(raw).map((path) => ({
      path,
      message: 'is not a known field of this policy',
    }));
    if (violations.length) throw new InvalidPolicyConfigError(violations);
  }

  select(): Selection {
    return { fromSeq: 2 };
  }
}

@Injectable()
@RegisterPolicy({ strategy: 'last_n' })
class OtherLastNPolicy extends FromTwoPolicy {}

@Injectable()
@RegisterPolicy({ strategy: '' })
class NamelessPolicy extends FromTwoPolicy {}

@Injectable()
@RegisterPolicy({ strategy: 'broken' })
class BrokenPolicy implements WindowPolicy<void> {
  parseConfig(): void {
    throw new TypeError('a bug of the policy');
  }

  select(): Selection {
    return { fromSeq: 1 };
  }
}

@Module({ providers: [FromTwoPolicy], exports: [FromTwoPolicy] })
class FromTwoModule {}

@Module({ imports: [FromTwoModule], exports: [FromTwoModule] })
class AgainModule {}

/** The registry of an application that has `providers` beside the policies of the service. */
async function registryWith(providers: Type[], imports: Type[] = []): Promise<PolicyRegistry> {
  const module = { module: PoliciesModule, imports, providers };
  const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  const registry = app.get(PolicyRegistry);
  await app.close();
  return registry;
}

const OURS = ['budget', 'last_n', 'manual', 'skip_parts', 'strip_tool_results', 'time_window'];

/** The violations that a config is refused for. */
async function violations(strategy: string, config: Record<string, unknown>): Promise<unknown> {
  const registry = await registryWith([FromTwoPolicy]);
  try {
    registry.configure(strategy, config);
    return [];
  } catch (error) {
    return (error as { details: { path: string }[] }).details.map(({ path }) => path);
  }
}

describe('PolicyRegistry', () => {
  it('has the policies of the service', async () => {
    expect((await registryWith([])).strategies()).toEqual(OURS);
  });

  it('finds a policy of any module of the application, and runs it', async () => {
    const registry = await registryWith([FromTwoPolicy]);
    expect(registry.strategies()).toEqual([...OURS, 'from_two'].sort());
    const policy = registry.configure('from_two', {});
    expect(await policy.select(new InMemoryTimeline([]), new Date(0))).toEqual({ fromSeq: 2 });
  });

  it('takes a policy that two modules share for one', async () => {
    const registry = await registryWith([], [FromTwoModule, AgainModule]);
    expect(registry.strategies()).toContain('from_two');
  });

  it('stops the start if two policies claim one strategy, and names both', async () => {
    await expect(registryWith([OtherLastNPolicy])).rejects.toThrow(
      /^(?=.*OtherLastNPolicy)(?=.*\bLastNPolicy).*"last_n"/,
    );
  });

  it('stops the start if a policy has no strategy, and names it', async () => {
    await expect(registryWith([NamelessPolicy])).rejects.toThrow(/NamelessPolicy/);
  });

  it('refuses a strategy that nobody has, and lists those there are', async () => {
    const registry = await registryWith([FromTwoPolicy]);
    for (const unknown of ['last_m', 'LAST_N', '', '__proto__', 'constructor']) {
      expect(() => registry.configure(unknown, {})).toThrow(
        `policy.strategy is not a strategy of this server; it has ${registry.strategies().join(', ')}`,
      );
    }
  });

  it('names every faulty field of a config at its place in the request', async () => {
    expect(await violations('last_n', { limit: 0, surprise: 1, max_tokens: 'many' })).toEqual([
      'policy.config.max_tokens',
      'policy.config.limit',
      'policy.config.surprise',
    ]);
    expect(await violations('time_window', {})).toEqual(['policy.config.max_age_seconds']);
    expect(await violations('from_two', { surprise: 1 })).toEqual(['policy.config.surprise']);
  });

  it('keeps the fields that every policy has from the policy, and reads max_tokens itself', async () => {
    const registry = await registryWith([FromTwoPolicy]);
    const config = { max_tokens: 500, trigger_ratio: 0.5 };
    expect(registry.configure('from_two', config).maxTokens).toBe(500);
    expect(config).toEqual({ max_tokens: 500, trigger_ratio: 0.5 });
    expect(registry.configure('from_two', {}).maxTokens).toBeUndefined();
    expect(registry.configure('from_two', { max_tokens: null }).maxTokens).toBeUndefined();
    for (const max_tokens of [0, -1, 1.5, '5', 1_000_000_001]) {
      expect(await violations('from_two', { max_tokens })).toEqual(['policy.config.max_tokens']);
    }
  });

  it('does not take the bug of a policy for a fault of the caller', async () => {
    const registry = await registryWith([BrokenPolicy]);
    expect(() => registry.configure('broken', {})).toThrow(TypeError);
  });
});
