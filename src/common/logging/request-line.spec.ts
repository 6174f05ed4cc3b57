import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { pino } from 'pino';
import { isoTime } from './iso-time.js';
import type { RequestFields } from './request-context.js';
import { RequestLine, type AnsweredRequest } from './request-line.js';

const ANSWERED: AnsweredRequest = {
  method: 'GET',
  route: '/v1/conversations/:id',
  status: 200,
  durationMs: 1.5,
};

/** What pino writes with the settings of the service's logger. */
function pinoLine(
  level: RequestLine['level'],
  fields: RequestFields,
  { method, route, status, durationMs }: AnsweredRequest,
  pid?: number,
): string {
  let text = '';
  const logger = pino(
    {
      level: 'debug',
      base: undefined,
      timestamp: () => `,"time":"${isoTime()}"`,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => ({ ...fields }),
    },
    { write: (line: string) => (text += line) },
  );
  if (pid !== undefined) logger.setBindings({ pid });
  const duration_ms = Math.round(durationMs * 100) / 100;
  logger[level]({ method, route, status, duration_ms }, 'request');
  return text;
}

describe('the log line of a request', () => {
  beforeEach(() => void jest.useFakeTimers({ now: Date.UTC(2026, 1, 28, 23, 59, 59, 7) }));
  afterEach(() => void jest.useRealTimers());

  it.each<[string, RequestFields]>([
    ['no conversation', { request_id: 'r-1' }],
    ['a conversation', { request_id: 'r-1', conversation_id: 'c' }],
    ['a turn', { request_id: 'r-1', conversation_id: 'c', seq: 12 }],
    ['ids that JSON escapes', { request_id: 'a"\\\u0001\u2028ü', conversation_id: '"\n\ud800' }],
  ])('is the one that pino writes, with %s', (_, fields) => {
    for (const level of ['debug', 'info', 'error'] as const) {
      expect(new RequestLine(level, fields, ANSWERED, undefined).toString()).toBe(
        pinoLine(level, fields, ANSWERED),
      );
      expect(new RequestLine(level, fields, ANSWERED, 77).toString()).toBe(
        pinoLine(level, fields, ANSWERED, 77),
      );
    }
  });

  it.each([0, 0.004, 0.005, 1.005, 12.3456, 60_000])(
    'rounds a duration of %d ms to hundredths',
    (durationMs) => {
      const answered = { ...ANSWERED, route: 'unknown', status: 404, durationMs };
      const fields = { request_id: 'r-1' };
      expect(new RequestLine('info', fields, answered, undefined).toString()).toBe(
        pinoLine('info', fields, answered),
      );
    },
  );

  it('has the time at which it was made, not the one at which it is written', () => {
    const line = new RequestLine('info', { request_id: 'r-1' }, ANSWERED, undefined);
    jest.setSystemTime(Date.UTC(2026, 2, 1));
    expect(JSON.parse(line.toString())).toMatchObject({ time: '2026-02-28T23:59:59.007Z' });
  });

  it('has the fields that were added to the request after the line was made', () => {
    const fields: RequestFields = { request_id: 'r-1' };
    const line = new RequestLine('info', fields, ANSWERED, undefined);
    fields.seq = 3;
    expect(JSON.parse(line.toString())).toMatchObject({ seq: 3 });
  });
});
