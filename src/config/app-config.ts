import { SETTINGS, type Environment, type Setting } from './settings.js';
import { unknownVariables } from './unknown-variables.js';

/** Names every bad or unknown variable in one message. Quotes no value, which may be a secret. */
export class InvalidConfigError extends Error {}

type Settings = {
  readonly [Field in keyof typeof SETTINGS]: ReturnType<(typeof SETTINGS)[Field]['parse']>;
};

// The fields and their types are those of SETTINGS; the constructor assigns all of them.
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging, @typescript-eslint/no-empty-object-type
export interface AppConfig extends Settings {}

/** The configuration of the process: read once at start, validated as a whole, never changed. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export class AppConfig {
  private constructor(settings: Settings) {
    Object.assign(this, settings);
  }

  // How `cacheBytes` is divided among the caches of a node. Why: docs/decisions/010.
  get windowCacheBytes(): number {
    return this.cacheBytes * (3 / 8);
  }

  get recentEventsCacheBytes(): number {
    return this.cacheBytes * (3 / 8);
  }

  get pageCacheBytes(): number {
    return this.cacheBytes * (1 / 8);
  }

  get pinnedEventsCacheBytes(): number {
    return this.cacheBytes * (1 / 8);
  }

  /** The same configuration with the URL of the database that was started for it. */
  withDatabaseUrl(databaseUrl: string): AppConfig {
    return this.with({ databaseUrl });
  }

  /** @internal The same configuration with other values for some settings. */
  with(changes: Partial<Settings>): AppConfig {
    return new AppConfig({ ...(this as Settings), ...changes });
  }

  /** @throws InvalidConfigError listing every bad variable, and every unknown one that begins with `FASTPACA_` */
  static fromEnvironment(environment: Environment): AppConfig {
    const violations = unknownVariables(environment);
    const settings: Record<string, unknown> = {};
    for (const [field, { variable, parse }] of Object.entries<Setting<unknown>>(SETTINGS)) {
      const value = environment[variable];
      try {
        settings[field] = parse(value === '' ? undefined : value, environment);
      } catch (error) {
        violations.push(`${variable} ${(error as Error).message}`);
      }
    }
    if (violations.length) throw new InvalidConfigError(`Invalid configuration: ${violations.join('; ')}`);
    return new AppConfig(settings as Settings);
  }
}
