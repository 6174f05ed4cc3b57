import { describe, expect, it } from '@jest/globals';
import type { MessageEvent, Part } from '../event.js';
import { validateOpenAiResponses } from '../validate/index.js';
import type { WindowEvent } from '../window-event.js';
import { renderOpenAiResponses } from './openai-responses.js';

const user: MessageEvent = { role: 'user', parts: [{ type: 'text', text: 'q' }] };
const question = { role: 'user', content: 'q' };
const rs = (n: number): Part => ({
  type: 'reasoning',
  id: `rs_${n}`,
  summary: [],
  encrypted_content: 'gAAA',
});
const fc = (n: number): Part => ({
  ...{ type: 'function_call', id: `fc_${n}`, call_id: `call_${n}`, name: 'f', arguments: '{}' },
});
const out = (n: number): Part => ({ type: 'function_call_output', call_id: `call_${n}`, output: 'r' });
const msg = (n: number): Part => ({
  ...{ type: 'message', id: `msg_${n}`, role: 'assistant', status: 'completed' },
  content: [{ type: 'output_text', text: 'a', annotations: [] }],
});
const ws = (n: number): Part => ({
  ...{ type: 'web_search_call', id: `ws_${n}`, status: 'completed', action: { type: 'search' } },
});
const withoutId = ({ id: _, status: __, ...item }: Part): Part => item;

/** One event per item, an event for a list, a gap in the seqs for a number. */
function windowOf(...entries: (MessageEvent | Part | Part[] | number)[]): WindowEvent[] {
  const window: WindowEvent[] = [];
  let seq = 1;
  for (const entry of entries) {
    if (typeof entry === 'number') seq += entry;
    else window.push({ seq: seq++, event: 'parts' in entry ? (entry as MessageEvent) : eventOf(entry) });
  }
  return window;
}

function eventOf(parts: Part | Part[]): MessageEvent {
  return { role: 'assistant', parts: Array.isArray(parts) ? parts : [parts] };
}

/** Renders a window, and expects that OpenAI accepts the input. */
function render(window: WindowEvent[]) {
  const { prompt, repairs } = renderOpenAiResponses(window);
  expect(validateOpenAiResponses(prompt)).toEqual([]);
  return { input: prompt.input as Part[], codes: repairs.map(({ code, seq }) => [code, seq]) };
}

describe('reasoning in renderOpenAiResponses', () => {
  it('is kept with the items that follow it, in one event or in one event per item', () => {
    const items = [rs(1), fc(1), fc(2), out(1), out(2), rs(2), rs(3), msg(1)];
    for (const window of [windowOf(user, ...items), windowOf(user, items)]) {
      const { input, codes } = render(window);
      expect(codes).toEqual([]);
      expect(input).toEqual([question, ...items]);
      input.slice(1).forEach((item, index) => expect(item).toBe(items[index]));
    }
  });

  it('is left out if its item does not directly follow', () => {
    const cases: [WindowEvent[], Part[]][] = [
      [windowOf(user, rs(1)), []],
      [windowOf(user, rs(1), user), [question as unknown as Part]],
      [windowOf(user, rs(1), 1, fc(1), out(1)), [withoutId(fc(1)), out(1)]],
      [
        windowOf(user, rs(1), eventOf({ type: 'text', text: 'a' })),
        [{ role: 'assistant', content: 'a' } as never],
      ],
      [
        windowOf(user, [rs(1), { type: 'tool-call', toolCallId: 'c', toolName: 'f', input: {} }]),
        [
          { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
          { type: 'function_call_output', call_id: 'c', output: 'No result was recorded for this call' },
        ],
      ],
    ];
    for (const [window, expected] of cases) {
      const { input, codes } = render(window);
      expect(input).toEqual([question, ...expected]);
      expect(codes[0]).toEqual(['left_out', 2]);
    }
  });

  it('is left out with the item that it belongs to, and takes the ids of the same answer with it', () => {
    const request = {
      type: 'mcp_approval_request',
      id: 'mcpr_1',
      server_label: 'd',
      name: 'f',
      arguments: '{}',
    };
    const { input, codes } = render(windowOf(user, rs(1), request, fc(1), out(1), rs(2), msg(1)));
    expect(input).toEqual([question, withoutId(fc(1)), out(1), rs(2), msg(1)]);
    expect(codes).toEqual([
      ['left_out', 2],
      ['left_out', 3],
      ['left_out', 4],
    ]);
  });

  it('of another provider is left out, and takes the ids of the same answer with it', () => {
    const { input } = render(windowOf(user, [{ type: 'reasoning', text: 'hm' }, fc(1)], out(1)));
    expect(input).toEqual([question, withoutId(fc(1)), out(1)]);
  });

  it('without an id and without encrypted content is left out', () => {
    const { input } = render(windowOf(user, { type: 'reasoning', summary: [] }, fc(1), out(1)));
    expect(input).toEqual([question, withoutId(fc(1)), out(1)]);
  });

  it('without an id stays with items without an id', () => {
    const encrypted = { type: 'reasoning', summary: [], encrypted_content: 'gAAA' };
    const { input } = render(windowOf(user, encrypted, fc(1), ws(1), out(1), encrypted, ws(2), msg(1)));
    expect(input).toEqual([question, encrypted, withoutId(fc(1)), out(1), withoutId(msg(1))]);
  });
});

describe('ids in renderOpenAiResponses', () => {
  it('are left out where the reasoning may have been cut away, up to the next input or reasoning', () => {
    const { input, codes } = render(windowOf(4, fc(1), fc(2), out(1), out(2), rs(1), msg(1)));
    expect(input).toEqual([withoutId(fc(1)), withoutId(fc(2)), out(1), out(2), rs(1), msg(1)]);
    expect(codes).toEqual([
      ['left_out', 5],
      ['left_out', 6],
    ]);
    expect(render(windowOf(4, msg(1), rs(2), fc(1), out(1))).input).toEqual([
      withoutId(msg(1)),
      rs(2),
      fc(1),
      out(1),
    ]);
  });

  it('are left out after a gap in the seqs, after a summary and in an event that a policy has reduced', () => {
    const [summary, ...rest] = windowOf(user, fc(1), out(1));
    const windows: WindowEvent[][] = [
      windowOf(user, 2, fc(1), out(1)),
      [{ seq: 1, event: user, summary: { fromSeq: 1, toSeq: 1 } }, ...rest],
      [summary as WindowEvent, { ...(rest[0] as WindowEvent), isReduced: true }, rest[1] as WindowEvent],
    ];
    for (const window of windows) expect(render(window).input).toEqual([question, withoutId(fc(1)), out(1)]);
  });

  it('are left out although an event without content stands behind the gap', () => {
    const { input } = render(windowOf(user, 2, { role: 'assistant', parts: [] }, fc(1), out(1)));
    expect(input).toEqual([question, withoutId(fc(1)), out(1)]);
  });

  it('that an item needs make it a function call, or leave it out', () => {
    const mcp = {
      ...{
        type: 'mcp_call',
        id: 'mcp_1',
        server_label: 'd',
        name: 'roll',
        arguments: '{"d":6}',
        output: '4',
      },
    };
    const { input, codes } = render(windowOf(4, ws(1), mcp, msg(1)));
    expect(input).toEqual([
      { type: 'function_call', call_id: 'mcp_1', name: 'roll', arguments: '{"d":6}' },
      { type: 'function_call_output', call_id: 'mcp_1', output: '4' },
      withoutId(msg(1)),
    ]);
    expect(codes).toEqual([
      ['left_out', 5],
      ['left_out', 7],
    ]);
  });

  it('are left out behind an item of the same answer that had to be converted', () => {
    const broken = { type: 'mcp_call', id: 'mcp_1', name: 'roll', arguments: '{}', output: '4' };
    const { input } = render(windowOf(user, rs(1), ws(1), broken, msg(1)));
    expect(input.slice(2)).toEqual([
      ws(1),
      { type: 'function_call', call_id: 'mcp_1', name: 'roll', arguments: '{}' },
      { type: 'function_call_output', call_id: 'mcp_1', output: '4' },
      withoutId(msg(1)),
    ]);
  });

  it('are left out where a message of the user stands between reasoning and its item', () => {
    const { input } = render(windowOf(user, rs(1), user, ws(1), fc(1), out(1), rs(2), ws(2), msg(2)));
    expect(input).toEqual([question, question, withoutId(fc(1)), out(1), rs(2), ws(2), msg(2)]);
    const split = render(windowOf(user, rs(1), fc(1), user, fc(2), out(1), out(2))).input;
    expect(split).toEqual([question, rs(1), fc(1), question, withoutId(fc(2)), out(1), out(2)]);
  });

  it('are left out of an answer without reasoning, once an answer had some', () => {
    const { input } = render(windowOf(user, rs(1), msg(1), user, msg(2)));
    expect(input).toEqual([question, rs(1), msg(1), question, withoutId(msg(2))]);
  });

  it('of a model that does not reason stay', () => {
    const window = windowOf(user, msg(1), user, fc(1), out(1), ws(1), msg(2));
    const { input } = renderOpenAiResponses(window).prompt;
    expect(input).toEqual([question, msg(1), question, fc(1), out(1), ws(1), msg(2)]);
  });

  it('that repeat are left out', () => {
    const { input } = render(windowOf(user, rs(1), fc(1), out(1), user, rs(1), fc(1), out(1)));
    expect(input).toEqual([
      ...[question, rs(1), fc(1), out(1), question],
      { ...withoutId(fc(1)), call_id: 'call_1_2' },
      { ...out(1), call_id: 'call_1_2' },
    ]);
  });

  it('with another prefix than that of the type are left out', () => {
    const items = [
      { ...fc(1), id: 'call_1' },
      { ...msg(1), id: '__fake_id__' },
    ];
    expect(render(windowOf(user, items[0] as Part, out(1), items[1] as Part)).input).toEqual([
      ...[question, withoutId(fc(1)), out(1), withoutId(msg(1))],
    ]);
  });

  it('of a compaction item stay, and the items after it belong to another answer', () => {
    const compaction = { type: 'compaction', id: 'cmp_1', encrypted_content: 'gAAA' };
    expect(render(windowOf(4, compaction, rs(1), msg(1))).input).toEqual([compaction, rs(1), msg(1)]);
  });
});
