import { describe, expect, it } from '@jest/globals';
import { runToCompletion } from '../../common/cooperative-task.js';
import { ITEMS_PER_TURN } from '../../common/in-turns.js';
import type { Window } from '../window.js';
import { WindowMessage } from '../window-message.js';
import { serializeWindow } from './window.serializer.js';

function windowOf(count: number, reads = (): void => undefined): Window {
  const messages = Array.from({ length: count }, (_, index) => {
    const json = `{"seq":${index + 1},"role":"user","parts":[{"type":"text","text":"é${index}"}]}`;
    const message = new WindowMessage(index + 1, 1, json);
    Object.defineProperty(message, 'json', { get: () => (reads(), json) });
    return message;
  });
  return {
    version: count,
    segments: [],
    messages,
    snapshotTokens: count,
    usedTokens: count,
    countedTokens: count,
    budgetTokens: 1000,
    needsCompaction: false,
    repairs: [],
    prefix: { hash: 'h', startSeq: 1, compactionVersion: 0, settings: 's' },
  };
}

const body = (count: number) => runToCompletion(serializeWindow(windowOf(count))).toString();

describe('serializeWindow', () => {
  it('writes the same text in one step and in several', () => {
    for (const count of [0, 1, ITEMS_PER_TURN, ITEMS_PER_TURN + 1, 3 * ITEMS_PER_TURN, 5000]) {
      const text = body(count);
      const { messages } = JSON.parse(text) as { messages: { seq: number }[] };
      expect(messages.map(({ seq }) => seq)).toEqual(Array.from({ length: count }, (_, index) => index + 1));
      const list = windowOf(count)
        .messages.map(({ json }) => json)
        .join(',');
      const [start, end] = [`{"version":${count},"messages":[`, `],"used_tokens":${count},`];
      expect(text.startsWith(start + list + end)).toBe(true);
    }
  });

  it('handles at most 512 messages between two turns of the event loop', () => {
    let reads = 0;
    const task = serializeWindow(windowOf(16_600, () => void (reads += 1)));
    for (let step = task.next(); !step.done; step = task.next()) {
      expect(reads).toBeLessThanOrEqual(ITEMS_PER_TURN);
      reads = 0;
    }
    expect(reads).toBeLessThanOrEqual(ITEMS_PER_TURN);
  });
});
