import { describe, expect, it } from '@jest/globals';
import { ConversationId, idViolation, MAX_ID_LENGTH } from './conversation-id.js';

describe('idViolation', () => {
  it.each([
    ['one character', 'a'],
    ['a space', ' '],
    ['characters with a meaning in paths and queries', 'user:42/chat é?a=b&c#d%2F'],
    ['255 letters', 'x'.repeat(255)],
    ['255 characters outside the Basic Multilingual Plane', '😀'.repeat(255)],
    ['format characters, which are not control characters', '\u200b\u202e\ufeff\u2028'],
    ['the highest code points', '\uffff\u{10ffff}'],
  ])('accepts %s', (_, value) => expect(idViolation(value)).toBeUndefined());

  it.each([
    ['an empty string', '', 'characters long'],
    ['256 letters', 'x'.repeat(256), 'characters long'],
    ['256 characters outside the Basic Multilingual Plane', '😀'.repeat(256), 'characters long'],
    ['256 code points in 356 code units', `${'😀'.repeat(100)}${'x'.repeat(156)}`, 'characters long'],
    ['NUL', 'a\u0000b', 'control characters'],
    ['a line break', 'a\n', 'control characters'],
    ['a tab', '\ta', 'control characters'],
    ['DEL', 'a\u007f', 'control characters'],
    ['a control character of Latin-1', '\u0085', 'control characters'],
    ['an unpaired high surrogate', 'a\ud800', 'unpaired surrogates'],
    ['an unpaired low surrogate', '\udc00a', 'unpaired surrogates'],
    ['surrogates in the wrong order', '\udc00\ud800', 'unpaired surrogates'],
  ])('rejects %s', (_, value, violation) => expect(idViolation(value)).toContain(violation));

  it('accepts up to 255 code points', () => {
    expect(MAX_ID_LENGTH).toBe(255);
    expect(idViolation(`${'😀'.repeat(100)}${'x'.repeat(155)}`)).toBeUndefined();
  });
});

describe('ConversationId', () => {
  it('has a key that is unique per namespace and id', () => {
    const names = ['', 'a', 'b', 'a"', '","', 'a,b', '\\', '["a"', 'a b'];
    const ids = names.flatMap((namespace) => names.map((id) => new ConversationId(namespace, id)));
    expect(new Set(ids.map(({ key }) => key)).size).toBe(ids.length);
    expect(new ConversationId('a', 'b').key).toBe(new ConversationId('a', 'b').key);
  });
});
