import type { Violation } from '../../errors/app-error.js';

/** Implemented by a DTO with rules about several fields together. */
export interface CrossFieldValidation {
  /** Called even if single fields have violations: their values may have any type. */
  crossFieldViolations(): Violation[];
}

export function hasCrossFieldValidation(dto: object): dto is CrossFieldValidation {
  return 'crossFieldViolations' in dto;
}
