import { describe, expect, it } from '@jest/globals';
import { DatabaseError } from 'pg';
import { UnavailableError } from '../common/errors/common.errors.js';
import { isRefused, toAppError } from './database.errors.js';

function databaseError(code: string): DatabaseError {
  return Object.assign(new DatabaseError('as the database says it', 0, 'error'), { code, severity: 'ERROR' });
}

describe('an error of the database', () => {
  it.each(['08006', '53300', '57P01', '40001', '28P01', '28000', '3D000'])('%s is a 503', (code) => {
    expect(toAppError(databaseError(code))).toBeInstanceOf(UnavailableError);
  });

  it.each(['23505', '22P05', '42P01'])('%s is what it is', (code) => {
    const error = databaseError(code);
    expect(toAppError(error)).toBe(error);
  });

  it('is a refusal, not to be waited out at the start, where login or database are wrong', () => {
    expect(
      ['28P01', '28000', '3D000', '57P03', '53300'].filter((code) => isRefused(databaseError(code))),
    ).toEqual(['28P01', '28000', '3D000']);
    expect(isRefused(new Error('28P01'))).toBe(false);
  });
});
