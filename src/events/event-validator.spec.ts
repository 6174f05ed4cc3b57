import { describe, expect, it } from '@jest/globals';
import {
  EventValidator,
  MAX_TURN_SIZE,
  ReplacementValidator,
  ROLES,
  TurnValidator,
} from './event-validator.js';

const EVENT = { role: 'user', parts: [{ type: 'text', text: 'hello' }] };
const check = new EventValidator();
const pathsOf = (violations: Iterable<{ path: string }>) => Array.from(violations, ({ path }) => path);

describe('EventValidator', () => {
  it.each([
    ['parts', EVENT],
    ['content', { role: 'user', content: '' }],
    [
      'null where a field could be left out',
      { ...EVENT, content: null, id: null, metadata: null, token_count: null },
    ],
    ['content beside null parts', { role: 'user', content: 'a', parts: null }],
    ['any part with a type', { role: 'tool', parts: [{ type: '' }, { type: 'x', text: 7, type2: null }] }],
    ['a count of 0', { ...EVENT, token_count: 0 }],
    ['the largest count', { ...EVENT, token_count: 2_147_483_647 }],
    ['fields it does not know', { ...EVENT, seq: 'x', toString: 1, parts2: [] }],
  ])('finds nothing wrong with %s', (_, event) =>
    expect(pathsOf(check.violations(event, 'event'))).toEqual([]),
  );

  it('takes the five roles', () => {
    expect(ROLES).toEqual(['system', 'developer', 'user', 'assistant', 'tool']);
    for (const role of ROLES) expect(pathsOf(check.violations({ ...EVENT, role }, 'event'))).toEqual([]);
  });

  it.each([
    [null, ['event']],
    [[EVENT], ['event']],
    ['user', ['event']],
    [{}, ['event.role', 'event.parts']],
    [{ ...EVENT, role: 'constructor' }, ['event.role']],
    [{ role: 'user', parts: {} }, ['event.parts']],
    [
      { role: 'user', parts: [{ type: 'a' }, { type: null }, [], { Type: 'a' }] },
      ['event.parts[1].type', 'event.parts[2]', 'event.parts[3].type'],
    ],
    [{ ...EVENT, content: '' }, ['event.content']],
    [{ role: 'user', content: ['a'] }, ['event.content']],
    [{ ...EVENT, token_count: 2_147_483_648 }, ['event.token_count']],
    [{ ...EVENT, token_count: NaN }, ['event.token_count']],
    [
      { role: 1, parts: [1], id: 1, metadata: 1, token_count: '1' },
      ['event.role', 'event.parts[0]', 'event.id', 'event.metadata', 'event.token_count'],
    ],
  ])('names every fault of %j', (event, paths) =>
    expect(pathsOf(check.violations(event, 'event'))).toEqual(paths),
  );
});

describe('TurnValidator and ReplacementValidator', () => {
  const turn = new TurnValidator(check);
  const replacement = new ReplacementValidator(check);
  const events = (count: number) => Array.from({ length: count }, () => EVENT);

  it('take a turn of 1 to 100 events, and a replacement of 1 or more', () => {
    expect(MAX_TURN_SIZE).toBe(100);
    for (const count of [1, 100]) expect(pathsOf(turn.violations(events(count), 'events'))).toEqual([]);
    expect(pathsOf(turn.violations(events(101), 'events'))).toEqual(['events']);
    expect(pathsOf(replacement.violations(events(101), 'replacement'))).toEqual([]);
  });

  it.each([[[]], [{}], [{ length: 1, 0: EVENT }], ['x'], [7]])(
    'refuse what is no list of events: %j',
    (value) => {
      expect(pathsOf(turn.violations(value, 'events'))).toEqual(['events']);
      expect(pathsOf(replacement.violations(value, 'replacement'))).toEqual(['replacement']);
    },
  );

  it('name the place of a faulty event', () => {
    const faulty = [EVENT, null, { role: 'user', parts: [{}] }];
    expect(pathsOf(turn.violations(faulty, 'events'))).toEqual(['events[1]', 'events[2].parts[0].type']);
    expect(pathsOf(replacement.violations(faulty, 'r'))).toEqual(['r[1]', 'r[2].parts[0].type']);
  });
});
