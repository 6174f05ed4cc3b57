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
    throw new TypeError('a bug in the policy');
  }

  select(): Selection {
    return { fromSeq: 1 };
  }
}

@Module({ providers: [FromTwoPolicy], exports: [FromTwoPolicy] })
class SharedModule {}

@Module({ imports: [SharedModule], exports: [SharedModule] })
class ReexportingModule {}

/** The registry of an application with `providers` in addition to the built-in policies. */
async function registryWith(providers: Type[], imports: Type[] = []): Promise<PolicyRegistry> {
  const module = { module: PoliciesModule, imports, providers };
  const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  const registry = app.get(PolicyRegistry);
  await app.close();
  return registry;
}

const BUILT_IN = ['budget', 'last_n', 'manual', 'skip_parts', 'strip_tool_results', 'time_window'];

/** The paths of the violations that `configure` reports for a config. */
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
  it('contains the built-in policies', async () => {
    expect((await registryWith([])).strategies()).toEqual(BUILT_IN);
  });

  it('finds and runs a policy of any module of the application', async () => {
    const registry = await registryWith([FromTwoPolicy]);
    expect(registry.strategies()).toEqual([...BUILT_IN, 'from_two'].sort());
    const policy = registry.configure('from_two', {});
    expect(await policy.select(new InMemoryTimeline([]), new Date(0))).toEqual({ fromSeq: 2 });
  });

  it('registers a policy once if two modules export it', async () => {
    const registry = await registryWith([], [SharedModule, ReexportingModule]);
    expect(registry.strategies()).toContain('from_two');
  });

  it('fails at startup and names both policies if they register the same strategy', async () => {
    await expect(registryWith([OtherLastNPolicy])).rejects.toThrow(
      /^(?=.*OtherLastNPolicy)(?=.*\bLastNPolicy).*"last_n"/,
    );
  });

  it('fails at startup and names a policy without a strategy', async () => {
    await expect(registryWith([NamelessPolicy])).rejects.toThrow(/NamelessPolicy/);
  });

  it('rejects an unknown strategy and lists the known ones', async () => {
    const registry = await registryWith([FromTwoPolicy]);
    for (const unknown of ['last_m', 'LAST_N', '', '__proto__', 'constructor']) {
      expect(() => registry.configure(unknown, {})).toThrow(
        `policy.strategy must be one of ${registry.strategies().join(', ')}; ${JSON.stringify(unknown)} is not`,
      );
    }
  });

  it('reports every invalid field of a config with its path in the request', async () => {
    expect(await violations('last_n', { limit: 0, surprise: 1, max_tokens: 'many' })).toEqual([
      'policy.config.max_tokens',
      'policy.config.limit',
      'policy.config.surprise',
    ]);
    expect(await violations('time_window', {})).toEqual(['policy.config.max_age_seconds']);
    expect(await violations('from_two', { surprise: 1 })).toEqual(['policy.config.surprise']);
  });

  it('parses the fields common to all policies itself, and does not pass them to the policy', async () => {
    const registry = await registryWith([FromTwoPolicy]);
    const config = { max_tokens: 500, trigger_ratio: 0.5 };
    expect(registry.configure('from_two', config).maxTokens).toBe(500);
    expect(config).toEqual({ max_tokens: 500, trigger_ratio: 0.5 });
    expect(registry.configure('from_two', {}).maxTokens).toBe(Infinity);
    expect(registry.configure('from_two', { max_tokens: null }).maxTokens).toBe(Infinity);
    for (const max_tokens of [0, -1, 1.5, '5', 1_000_000_001]) {
      expect(await violations('from_two', { max_tokens })).toEqual(['policy.config.max_tokens']);
    }
  });

  it('rethrows an unexpected error of a policy instead of reporting an invalid request', async () => {
    const registry = await registryWith([BrokenPolicy]);
    expect(() => registry.configure('broken', {})).toThrow(TypeError);
  });
});
