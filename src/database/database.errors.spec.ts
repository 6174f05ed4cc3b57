import { describe, expect, it } from '@jest/globals';
import { DatabaseError } from 'pg';
import { UnavailableError } from '../common/errors/common.errors.js';
import { isConfigurationError, toAppError } from './database.errors.js';

function databaseError(code: string): DatabaseError {
  return Object.assign(new DatabaseError('message of the database', 0, 'error'), { code, severity: 'ERROR' });
}

describe('toAppError and isConfigurationError', () => {
  it.each(['08006', '53300', '57P01', '40001', '28P01', '28000', '3D000'])(
    'map SQLSTATE %s to a 503',
    (code) => {
      expect(toAppError(databaseError(code))).toBeInstanceOf(UnavailableError);
    },
  );

  it.each(['CERT_HAS_EXPIRED', 'SELF_SIGNED_CERT_IN_CHAIN', 'ERR_TLS_CERT_ALTNAME_INVALID'])(
    'map the TLS error %s to a 503',
    (code) => {
      const error = Object.assign(new Error('a message of Node.js'), { code });
      expect(toAppError(error)).toBeInstanceOf(UnavailableError);
    },
  );

  it('map the error of a server without TLS to a 503', () => {
    expect(toAppError(new Error('The server does not support SSL connections'))).toBeInstanceOf(
      UnavailableError,
    );
  });

  it.each(['23505', '22P05', '42P01'])('leave an error with SQLSTATE %s unchanged', (code) => {
    const error = databaseError(code);
    expect(toAppError(error)).toBe(error);
  });

  it('treat only a rejected login and a missing database as configuration errors', () => {
    expect(
      ['28P01', '28000', '3D000', '57P03', '53300'].filter((code) =>
        isConfigurationError(databaseError(code)),
      ),
    ).toEqual(['28P01', '28000', '3D000']);
    expect(isConfigurationError(new Error('28P01'))).toBe(false);
  });
});
