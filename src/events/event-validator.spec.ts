import { describe, expect, it } from '@jest/globals';
import { MAX_TURN_SIZE, ROLES } from './dto/event.schema.js';
import { EventValidator, ReplacementValidator, TurnValidator } from './event-validator.js';

const EVENT = { role: 'user', parts: [{ type: 'text', text: 'hello' }] };
const validator = new EventValidator();
const pathsOf = (violations: Iterable<{ path: string }>) => Array.from(violations, ({ path }) => path);

describe('EventValidator', () => {
  it.each([
    ['parts', EVENT],
    ['content', { role: 'user', content: '' }],
    [
      'null where a field may be absent',
      { ...EVENT, content: null, id: null, metadata: null, token_count: null },
    ],
    [
      'content that is a list of parts',
      { role: 'user', content: [{ type: 'text', text: 'a' }, { type: 'x' }] },
    ],
    ['null content beside a refusal', { role: 'assistant', content: null, refusal: 'no' }],
    ['null content beside audio', { role: 'assistant', content: null, audio: { id: 'audio_1' } }],
    [
      'null content beside the older function_call',
      { role: 'assistant', content: null, function_call: { name: 'add', arguments: '{}' } },
    ],
    ['tool calls without content', { role: 'assistant', tool_calls: [{}] }],
    ['tool calls of any kind', { role: 'user', tool_calls: [null] }],
    ['tool calls with null content', { role: 'assistant', content: null, parts: null, tool_calls: [{}] }],
    ['tool calls with an empty list of content', { role: 'assistant', content: [], tool_calls: [{}] }],
    ['tool calls with an empty list of parts', { role: 'assistant', parts: [], tool_calls: [{}] }],
    ['tool calls with content', { role: 'assistant', content: 'a', tool_calls: [{}] }],
    ['tool calls with parts', { ...EVENT, tool_calls: [{}] }],
    ['tool_calls of any shape beside parts', { ...EVENT, tool_calls: 7 }],
    ['content with null parts', { role: 'user', content: 'a', parts: null }],
    ['any part with a type', { role: 'tool', parts: [{ type: '' }, { type: 'x', text: 7, type2: null }] }],
    ['a count of 0', { ...EVENT, token_count: 0 }],
    ['the largest count', { ...EVENT, token_count: 2_147_483_647 }],
    ['unknown fields', { ...EVENT, seq: 'x', toString: 1, parts2: [] }],
  ])('accepts %s', (_, event) => expect(pathsOf(validator.violations(event, 'event'))).toEqual([]));

  it('accepts the five roles', () => {
    expect(ROLES).toEqual(['system', 'developer', 'user', 'assistant', 'tool']);
    for (const role of ROLES) expect(pathsOf(validator.violations({ ...EVENT, role }, 'event'))).toEqual([]);
  });

  it.each([
    [null, ['event']],
    [[EVENT], ['event']],
    ['user', ['event']],
    [{}, ['event.role', 'event.parts']],
    [{ ...EVENT, role: 'constructor' }, ['event.role']],
    [{ role: 'user', parts: {} }, ['event.parts']],
    [{ role: 'user', parts: [] }, ['event.parts']],
    [
      { role: 'user', parts: [{ type: 'a' }, { type: null }, [], { Type: 'a' }] },
      ['event.parts[1].type', 'event.parts[2]', 'event.parts[3].type'],
    ],
    [{ ...EVENT, content: '' }, ['event.content']],
    [{ role: 'user', content: ['a'] }, ['event.content[0]']],
    [{ role: 'user', content: 7 }, ['event.content']],
    [{ role: 'user', content: {} }, ['event.content']],
    [{ role: 'user', content: [] }, ['event.content']],
    [{ role: 'user', content: [{ type: 'a' }, { type: 7 }] }, ['event.content[1].type']],
    [{ role: 'user', content: null, tool_calls: [] }, ['event.parts']],
    [{ role: 'assistant', content: null, refusal: null, audio: null, function_call: null }, ['event.parts']],
    [{ role: 'user', content: [], tool_calls: [] }, ['event.content']],
    [{ role: 'user', parts: [], tool_calls: {} }, ['event.parts']],
    [{ role: 'user', parts: [], content: 'a', tool_calls: [{}] }, ['event.content']],
    [{ role: 'user', parts: [7], tool_calls: [{}] }, ['event.parts[0]']],
    [{ role: 'user', content: 7, tool_calls: [{}] }, ['event.content']],
    [{ ...EVENT, token_count: 2_147_483_648 }, ['event.token_count']],
    [{ ...EVENT, token_count: NaN }, ['event.token_count']],
    [
      { role: 1, parts: [1], id: 1, metadata: 1, token_count: '1' },
      ['event.role', 'event.id', 'event.metadata', 'event.token_count', 'event.parts[0]'],
    ],
  ])('reports every violation of %j', (event, paths) =>
    expect(pathsOf(validator.violations(event, 'event'))).toEqual(paths),
  );

  it('names the expected value in each message', () => {
    const event = { role: 'robot', content: {}, token_count: -1, metadata: [] };
    expect([...validator.violations(event, 'event'), ...validator.violations({}, 'e')]).toEqual([
      { path: 'event.role', message: 'must be one of system, developer, user, assistant, tool' },
      { path: 'event.content', message: 'must be a string or a list of 1 or more parts' },
      { path: 'event.metadata', message: 'must be an object' },
      { path: 'event.token_count', message: 'must be an integer from 0 to 2147483647' },
      { path: 'e.role', message: 'must be one of system, developer, user, assistant, tool' },
      {
        path: 'e.parts',
        message: 'must be a list of 1 or more parts, unless content or tool_calls is given',
      },
    ]);
  });
});

describe('TurnValidator and ReplacementValidator', () => {
  const turn = new TurnValidator(validator);
  const replacement = new ReplacementValidator(validator);
  const events = (count: number) => Array.from({ length: count }, () => EVENT);

  it('accept a turn of 1 to 100 events, and a replacement of any number', () => {
    expect(MAX_TURN_SIZE).toBe(100);
    for (const count of [1, 100]) expect(pathsOf(turn.violations(events(count), 'events'))).toEqual([]);
    expect([...turn.violations(events(101), 'events')]).toEqual([
      { path: 'events', message: 'must be a list of 1 to 100 events' },
    ]);
    for (const count of [0, 101])
      expect(pathsOf(replacement.violations(events(count), 'replacement'))).toEqual([]);
    expect(pathsOf(turn.violations([], 'events'))).toEqual(['events']);
  });

  it.each([[{}], [{ length: 1, 0: EVENT }], ['x'], [7]])(
    'reject a value that is not a list of events: %j',
    (value) => {
      expect(pathsOf(turn.violations(value, 'events'))).toEqual(['events']);
      expect([...replacement.violations(value, 'replacement')]).toEqual([
        { path: 'replacement', message: 'must be a list of events' },
      ]);
    },
  );

  it('report the path of the invalid event', () => {
    const events = [EVENT, null, { role: 'user', parts: [{}] }, { role: 'user' }];
    const paths = (list: string) => [`${list}[1]`, `${list}[2].parts[0].type`, `${list}[3].parts`];
    expect(pathsOf(turn.violations(events, 'events'))).toEqual(paths('events'));
    expect(pathsOf(replacement.violations(events, 'r'))).toEqual(paths('r'));
  });
});
