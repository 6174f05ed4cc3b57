import { describe, expect, it } from '@jest/globals';
import type { MessageEvent, Part } from '../event.js';
import type { WindowEvent } from '../window-event.js';
import { renderAnthropic } from './anthropic.js';

const text = (value: string): Part => ({ type: 'text', text: value });
const user = (...parts: Part[]): MessageEvent => ({ role: 'user', parts });
const assistant = (...parts: Part[]): MessageEvent => ({ role: 'assistant', parts });
const system = (value: string): MessageEvent => ({ role: 'system', parts: [text(value)] });
const toolUse = (id: string): Part => ({ type: 'tool_use', id, name: 'f', input: { a: 1 } });
const toolResult = (id: string, content: unknown = 'r'): Part => ({
  type: 'tool_result',
  tool_use_id: id,
  content,
});
const thinking: Part = { type: 'thinking', thinking: '', signature: 'sig' };

const windowOf = (events: readonly MessageEvent[], firstSeq = 1): WindowEvent[] =>
  events.map((event, index) => ({ seq: index + firstSeq, event }));
const render = (...events: MessageEvent[]) => renderAnthropic(windowOf(events));

describe('renderAnthropic', () => {
  it('returns a conversation of Anthropic as it was sent', () => {
    const search = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } };
    const found = { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] };
    const sent = [
      { role: 'user', content: 'q' },
      { role: 'assistant', content: [thinking, text('I look'), toolUse('a'), toolUse('b')] },
      { role: 'user', content: [toolResult('b'), toolResult('a', [text('x')]), text('mind the style')] },
      { role: 'assistant', content: [search, found, text('done')] },
      { role: 'user', content: [{ ...text('next'), cache_control: { type: 'ephemeral' } }] },
    ];
    const window = sent.map(({ role, content }, index): WindowEvent => ({
      seq: index + 1,
      event: { role, parts: typeof content === 'string' ? [text(content)] : content } as MessageEvent,
      contentForm: typeof content === 'string' ? 'string' : 'parts',
    }));
    const { prompt, repairs } = renderAnthropic(window);
    expect(prompt).toEqual({ messages: sent });
    const [, answer] = prompt.messages as { content: unknown[] }[];
    answer?.content.forEach((block, index) => expect(block).toBe(window[1]?.event.parts[index]));
    expect(repairs).toEqual([]);
  });

  it('hoists the leading system messages and writes later ones as texts of the user', () => {
    const summary = { seq: 1, event: system('They met.'), summary: { fromSeq: 1, toSeq: 9 } };
    const { prompt } = renderAnthropic([
      summary,
      { seq: 10, event: system('Be brief.') },
      { seq: 11, event: user(text('q')) },
    ]);
    expect(prompt).toEqual({ system: 'They met.\n\nBe brief.', messages: [{ role: 'user', content: 'q' }] });
    const later = renderAnthropic([
      ...windowOf([user(text('q')), assistant(text('a'))]),
      { ...summary, seq: 3, summary: { fromSeq: 3, toSeq: 9 } },
      { seq: 10, event: system('Be kind.') },
    ]);
    expect(later.prompt.messages.at(-1)).toEqual({
      role: 'user',
      content: [
        text('Summary of messages 3 to 9 of this conversation:\nThey met.'),
        text('System message:\nBe kind.'),
      ],
    });
  });

  it('puts results first in the next message of the user, whatever stood between', () => {
    const { prompt } = render(user(text('q')), assistant(toolUse('a')), user(text('wait')), {
      role: 'tool',
      tool_call_id: 'a',
      parts: [text('late')],
    });
    expect(prompt.messages.slice(1)).toEqual([
      { role: 'assistant', content: [toolUse('a')] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'late' }, text('wait')] },
    ]);
  });

  it('makes ids unique and legal', () => {
    const { prompt, repairs } = render(
      user(text('q')),
      assistant(toolUse('call.0')),
      user(toolResult('call.0')),
      assistant(toolUse('call.0')),
      user(toolResult('call.0')),
    );
    const blocks = (prompt.messages as { content: { id?: string; tool_use_id?: string }[] }[])
      .slice(1)
      .map(({ content }) => content[0]?.id ?? content[0]?.tool_use_id);
    expect(blocks).toEqual(['call_0', 'call_0', 'call_0_2', 'call_0_2']);
    expect(repairs.map(({ code }) => code)).toEqual(['renamed', 'renamed']);
  });

  it('leaves out thinking of turns that are over, unless the window is the whole log', () => {
    const events = [
      user(text('q')),
      assistant(thinking, text('a')),
      user(text('r')),
      assistant(thinking, toolUse('a')),
      user(toolResult('a')),
    ];
    expect(renderAnthropic(windowOf(events)).prompt.messages[1]).toEqual({
      role: 'assistant',
      content: [thinking, text('a')],
    });
    const { prompt, repairs } = renderAnthropic(windowOf(events, 7));
    expect(prompt.messages[1]).toEqual({ role: 'assistant', content: [text('a')] });
    expect(prompt.messages[3]).toEqual({ role: 'assistant', content: [thinking, toolUse('a')] });
    expect(repairs).toEqual([
      {
        code: 'left_out',
        seq: 8,
        action: 'left out reasoning: its signature is not valid after earlier messages were left out',
      },
    ]);
  });

  it('leaves out blank texts, and begins and ends with a message of the user', () => {
    const { prompt, repairs } = render(assistant(text('hi')), user(text(' \n')), assistant(text('there')));
    expect(prompt.messages).toEqual([
      { role: 'user', content: 'Continue.' },
      { role: 'assistant', content: [text('hi'), text('there')] },
      { role: 'user', content: 'Continue.' },
    ]);
    expect(repairs.map(({ code }) => code)).toEqual(['user_message_added', 'user_message_added']);
    expect(render().prompt).toEqual({ messages: [] });
    expect(render(system('s')).prompt).toEqual({
      system: 's',
      messages: [{ role: 'user', content: 'Continue.' }],
    });
  });

  it('converts calls, results and media of OpenAI', () => {
    const { prompt } = render(
      user(
        { type: 'input_text', text: 'look' },
        { type: 'input_image', image_url: 'data:image/jpeg;base64,/9j/' },
      ),
      {
        role: 'assistant',
        parts: [],
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: 'no json' } }],
      },
      { role: 'tool', tool_call_id: 'c1', parts: [text('out')] },
    );
    expect(prompt.messages).toEqual([
      {
        role: 'user',
        content: [
          text('look'),
          { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: '/9j/' } },
        ],
      },
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 'c1', name: 'f', input: { input: 'no json' } }],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: 'out' }] },
    ]);
  });

  it('keeps the newest four cache_control marks', () => {
    const marked = (value: string) => ({ ...text(value), cache_control: { type: 'ephemeral' } });
    const { prompt, repairs } = render(
      { role: 'system', parts: [marked('s')] },
      user(marked('1'), marked('2')),
      assistant(marked('3')),
      user(marked('4'), marked('5')),
    );
    expect(prompt.system).toEqual([text('s')]);
    expect(prompt.messages[0]).toEqual({ role: 'user', content: [text('1'), marked('2')] });
    expect(prompt.messages[2]).toEqual({ role: 'user', content: [marked('4'), marked('5')] });
    expect(repairs).toEqual([
      { code: 'left_out', seq: 0, action: 'left out 2 of the cache_control marks: at most 4 are allowed' },
    ]);
  });
});
