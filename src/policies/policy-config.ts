import { InvalidPayloadError } from '../common/errors/common.errors.js';
import type { Violation } from '../common/errors/app-error.js';
import { addViolations } from '../common/errors/violations.js';

/** A policy's `config` has fields of the wrong kind, unknown ones, or lacks one. Paths are field names. */
export class InvalidPolicyConfigError extends InvalidPayloadError {}

/** Reads a policy's config field by field and reports every fault at the end, unknown fields included. */
export class PolicyConfigReader {
  private readonly violations: Violation[] = [];
  private readonly known = new Set<string>();

  constructor(private readonly raw: Record<string, unknown>) {}

  /** An integer from `min` to `max`; absent (or null), it is `fallback`, or a fault if there is none. */
  integer(name: string, { min, max, fallback }: { min: number; max: number; fallback?: number }): number {
    const value = this.take(name);
    if (value === undefined) {
      if (fallback !== undefined) return fallback;
      this.violations.push({ path: name, message: 'is required' });
      return min;
    }
    if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max)
      return value as number;
    this.violations.push({ path: name, message: `must be an integer from ${min} to ${max}` });
    return fallback ?? min;
  }

  /** A list of strings; absent, it is `fallback`. */
  strings(name: string, fallback: readonly string[]): readonly string[] {
    const value = this.take(name);
    if (value === undefined) return fallback;
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    this.violations.push({ path: name, message: 'must be a list of strings' });
    return fallback;
  }

  /** @throws InvalidPolicyConfigError if anything was wrong, or a field was never asked for */
  finish(): void {
    addViolations(this.violations, this.unknownFields());
    if (this.violations.length) throw new InvalidPolicyConfigError(this.violations);
  }

  private *unknownFields(): Generator<Violation> {
    for (const name of Object.keys(this.raw)) {
      if (!this.known.has(name)) yield { path: name, message: 'is not a known field of this policy' };
    }
  }

  private take(name: string): unknown {
    this.known.add(name);
    return Object.hasOwn(this.raw, name) ? (this.raw[name] ?? undefined) : undefined;
  }
}
