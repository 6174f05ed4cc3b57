import { describe, expect, it } from '@jest/globals';
import { RawJson } from '../common/http/body/raw-json.js';
import { InvalidPayloadError } from '../common/errors/common.errors.js';
import { validatedJson, type EventInput } from './event-input.js';
import { EventValidator, TurnValidator } from './event-validator.js';

const validator = new TurnValidator(new EventValidator());
const json = (events: readonly EventInput[]) => validatedJson(events, 'events', validator);

function violationsOf(events: readonly EventInput[]): string[] {
  try {
    json(events);
  } catch (error) {
    if (error instanceof InvalidPayloadError) return error.details.map(({ path }) => path);
    throw error;
  }
  return [];
}

describe('validatedJson', () => {
  it('writes objects as JSON, without the fields that are undefined', () => {
    const [event] = json([{ role: 'user', content: 'a', id: undefined, extra: [1.5] }]);
    expect(event?.text).toBe('{"role":"user","content":"a","extra":[1.5]}');
    expect(event?.value).toEqual({ role: 'user', content: 'a', extra: [1.5] });
  });

  it('converts values as JSON.stringify does, for example a Date to a string', () => {
    const at = new Date(0);
    expect(json([{ role: 'user', parts: [{ type: 'x', at }] }])[0]?.value).toEqual({
      role: 'user',
      parts: [{ type: 'x', at: at.toISOString() }],
    });
  });

  it('keeps JSON text unchanged', () => {
    const text = '{"role":"user","content":"a","n":1.0}';
    const event = new RawJson(JSON.parse(text), text);
    expect(json([event])).toEqual([event]);
    expect(json([{ role: 'user', content: 'b' }, event])[1]?.text).toBe(text);
  });

  it('rejects invalid events, and reports the path of the violation', () => {
    expect(violationsOf([{ role: 'user', content: 'a' }, { role: 'tool' }])).toEqual(['events[1].parts']);
    expect(violationsOf([{ role: 'user', parts: [{ type: 1 as unknown as string }] }])).toEqual([
      'events[0].parts[0].type',
    ]);
  });

  it('rejects a turn of 0 events and a turn of more than 100 events', () => {
    expect(violationsOf([])).toEqual(['events']);
    expect(violationsOf(Array.from({ length: 101 }, () => ({ role: 'user', content: 'a' })))).toEqual([
      'events',
    ]);
  });
});
