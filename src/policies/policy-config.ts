import { InvalidPayloadError } from '../common/errors/common.errors.js';
import type { Violation } from '../common/errors/app-error.js';
import { addViolations } from '../common/errors/violations.js';

/** A policy's `config` has an invalid, unknown or missing field. The `path` of each violation is the field's name. */
export class InvalidPolicyConfigError extends InvalidPayloadError {}

/**
 * Reads a policy's config field by field and collects the violations. `finish` reports them all at once, with every
 * field that was never read as an unknown one. A field that is null counts as absent.
 */
export class PolicyConfigReader {
  private readonly violations: Violation[] = [];
  private readonly knownFields = new Set<string>();

  constructor(private readonly raw: Record<string, unknown>) {}

  /** An integer from `min` to `max`. If the field is absent: `fallback`, or a violation if there is no fallback. */
  integer(name: string, { min, max, fallback }: { min: number; max: number; fallback?: number }): number {
    const value = this.field(name);
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

  /** A number above 0 and at most 1; `fallback` if the field is absent. */
  ratio(name: string, fallback: number): number {
    const value = this.field(name);
    if (value === undefined) return fallback;
    if (typeof value === 'number' && value > 0 && value <= 1) return value;
    this.violations.push({ path: name, message: 'must be a number above 0 and at most 1' });
    return fallback;
  }

  /** True or false; `fallback` if the field is absent. */
  boolean(name: string, fallback: boolean): boolean {
    const value = this.field(name);
    if (value === undefined) return fallback;
    if (typeof value === 'boolean') return value;
    this.violations.push({ path: name, message: 'must be true or false' });
    return fallback;
  }

  /** A string of 1 to `maxChars` characters; `fallback` if the field is absent. */
  text(name: string, { maxChars, fallback }: { maxChars: number; fallback: string }): string {
    const value = this.field(name);
    if (value === undefined) return fallback;
    if (typeof value === 'string' && value.trim() !== '' && value.length <= maxChars) return value;
    this.violations.push({ path: name, message: `must be a text of 1 to ${maxChars} characters` });
    return fallback;
  }

  /** A list of strings; `fallback` if the field is absent. */
  strings(name: string, fallback: readonly string[]): readonly string[] {
    const value = this.field(name);
    if (value === undefined) return fallback;
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    this.violations.push({ path: name, message: 'must be a list of strings' });
    return fallback;
  }

  /**
   * Call it after the last field was read.
   *
   * @throws InvalidPolicyConfigError a field is invalid, missing, or was never read
   */
  finish(): void {
    addViolations(this.violations, this.unknownFields());
    if (this.violations.length) throw new InvalidPolicyConfigError(this.violations);
  }

  private *unknownFields(): Generator<Violation> {
    for (const name of Object.keys(this.raw)) {
      if (!this.knownFields.has(name)) yield { path: name, message: 'is not a known field of this policy' };
    }
  }

  private field(name: string): unknown {
    this.knownFields.add(name);
    return Object.hasOwn(this.raw, name) ? (this.raw[name] ?? undefined) : undefined;
  }
}
