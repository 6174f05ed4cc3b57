import { describe, expect, it } from '@jest/globals';
import type { MessageEvent } from '../event.js';
import type { WindowEvent } from '../window-event.js';
import { renderPrompt } from './render-prompt.js';

const EPHEMERAL = { type: 'ephemeral' };
const HOUR = { type: 'ephemeral', ttl: '1h' };

const text = (value: string, mark?: object) => ({
  type: 'text',
  text: value,
  ...(mark && { cache_control: mark }),
});
const event = (role: string, ...parts: object[]) => ({ role, parts }) as MessageEvent;
const toolUse = { type: 'tool_use', id: 'a', name: 'f', input: {} };
const toolResult = { type: 'tool_result', tool_use_id: 'a', content: 'x' };
const thinking = { type: 'thinking', thinking: 'hm', signature: 's' };

function render(...events: (MessageEvent | Omit<WindowEvent, 'seq'>)[]) {
  const window = events.map((each, index): WindowEvent =>
    isOfSummary(each) ? { seq: index + 1, ...each } : { seq: index + 1, event: each },
  );
  const { prompt, repairs } = renderPrompt('anthropic', window, { cache: { key: 'k' } });
  return { system: prompt.system, messages: prompt.messages as { content: unknown }[], repairs };
}

function isOfSummary(each: MessageEvent | Omit<WindowEvent, 'seq'>): each is Omit<WindowEvent, 'seq'> {
  return 'summary' in each;
}

const summary = (role: string, value: string) => ({
  event: event(role, text(value)),
  summary: { fromSeq: 2, toSeq: 9 },
});

describe('a prompt for Anthropic with cache breakpoints', () => {
  it('has them after the system text, before the newest turn and after the last message', () => {
    const { system, messages } = render(
      event('system', text('Be brief.')),
      event('system', text('Be kind.')),
      event('user', text('q')),
      event('assistant', text('a')),
      event('user', text('go')),
      event('assistant', text('look'), toolUse),
      event('tool', toolResult),
    );
    expect(system).toEqual([text('Be brief.\n\nBe kind.', EPHEMERAL)]);
    expect(messages.map(({ content }) => content)).toEqual([
      'q',
      [text('a', EPHEMERAL)],
      'go',
      [text('look'), toolUse],
      [{ ...toolResult, cache_control: EPHEMERAL }],
    ]);
  });

  it('has one after the pins and one after the last summary, if there is a summary', () => {
    const inSystem = render(
      event('system', text('rules')),
      summary('system', 'They met.'),
      event('user', text('q')),
      event('assistant', text('a')),
      event('user', text('r')),
    );
    expect(inSystem.system).toEqual([text('rules', EPHEMERAL), text('They met.', EPHEMERAL)]);
    expect(inSystem.messages.map(({ content }) => content)).toEqual(['q', 'a', [text('r', EPHEMERAL)]]);
    const inMessages = render(
      event('system', text('rules')),
      summary('user', 'They met.'),
      event('assistant', text('a')),
      event('user', text('r')),
    );
    expect(inMessages.system).toEqual([text('rules', EPHEMERAL)]);
    expect(inMessages.messages[0]?.content).toEqual([text('They met.', EPHEMERAL)]);
  });

  it('has none on thinking, and none on a message that the renderer added', () => {
    const { messages } = render(
      event('user', text('q')),
      event('assistant', thinking, toolUse),
      event('tool', toolResult),
      event('assistant', text('done'), thinking, text('!')),
    );
    expect(messages.at(-2)?.content).toEqual([text('done'), thinking, text('!', EPHEMERAL)]);
    expect(messages.at(-1)?.content).toBe('Continue.');
    const ofSummary = render(
      { event: event('assistant', text('They met.'), thinking), summary: { fromSeq: 2, toSeq: 9 } },
      event('assistant', text('a')),
    );
    expect(ofSummary.messages[1]?.content).toEqual([
      text('They met.', EPHEMERAL),
      thinking,
      text('a', EPHEMERAL),
    ]);
  });

  it('keeps those of the caller, and counts them', () => {
    const caller = (...marks: (object | undefined)[]) =>
      render(
        event('system', text('s', marks[0])),
        event('user', text('q', marks[1])),
        event('assistant', text('a', marks[2])),
        event('user', text('r', marks[3]), text('t')),
      );
    const countIn = (prompt: object) => JSON.stringify(prompt).split('cache_control').length - 1;
    const four = caller(EPHEMERAL, EPHEMERAL, EPHEMERAL, EPHEMERAL);
    expect(countIn(four)).toBe(4);
    expect(four.messages.at(-1)?.content).toEqual([text('r', EPHEMERAL), text('t')]);
    const three = caller(undefined, EPHEMERAL, EPHEMERAL, EPHEMERAL);
    expect(countIn(three)).toBe(4);
    expect(three.system).toBe('s');
    expect(three.messages.at(-1)?.content).toEqual([text('r', EPHEMERAL), text('t', EPHEMERAL)]);
    expect(countIn(caller(EPHEMERAL))).toBe(3);
  });

  it('has no short-lived one before a long-lived one of the caller', () => {
    const { system, messages } = render(
      event('system', text('s')),
      event('user', text('q')),
      event('assistant', text('a', HOUR)),
      event('user', text('r')),
    );
    expect(system).toBe('s');
    expect(messages.map(({ content }) => content)).toEqual(['q', [text('a', HOUR)], [text('r', EPHEMERAL)]]);
  });

  it('has no short-lived one of the caller before a long-lived one', () => {
    const { messages, repairs } = render(
      event('user', text('q', EPHEMERAL)),
      event('assistant', text('a', HOUR)),
      event('user', text('r')),
    );
    expect(messages[0]?.content).toEqual([text('q')]);
    expect(repairs).toEqual([
      {
        code: 'left_out',
        seq: 0,
        action: 'left out 1 of the cache_control marks: one with a longer ttl follows',
      },
    ]);
  });
});

describe('a prompt for OpenAI with a cache key', () => {
  it('has the key beside its messages', () => {
    const window = [{ seq: 1, event: event('user', text('q')) }];
    const cache = { key: 'c-1' };
    expect(renderPrompt('openai-chat', window, { cache }).prompt).toMatchObject({ prompt_cache_key: 'c-1' });
    expect(renderPrompt('openai-responses', window, { cache }).prompt).toMatchObject({
      prompt_cache_key: 'c-1',
    });
    expect(renderPrompt('openai-chat', window).prompt).not.toHaveProperty('prompt_cache_key');
  });
});
