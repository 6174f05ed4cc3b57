import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { get_encoding } from 'tiktoken';
import { jpeg, pdf, wav } from '../support/media-files.js';
import { TestService } from '../support/test-service.js';

const encoding = get_encoding('o200k_base');
const tokensOf = (...texts: string[]) =>
  texts.reduce((sum, text) => sum + encoding.encode_ordinary(text).length, 0);

let service: TestService;
beforeAll(async () => (service = await TestService.start()));
afterAll(() => service.stop());

let created = 0;

/** Appends a conversation as one turn. @returns its id and the estimate of each event */
async function appended(
  events: object[],
  settings: object = {},
): Promise<{ id: string; estimates: number[] }> {
  const id = `tokens-${(created += 1)}`;
  await service.http.put(id, { token_budget: 1_000_000, policy: { strategy: 'budget' }, ...settings });
  const { status, body } = await service.http.append(id, { events });
  expect(status).toBe(201);
  return { id, estimates: body.events.map((event: { token_estimate: number }) => event.token_estimate) };
}

const SYSTEM = 'You are an agent of an airline. Be brief, and never invent a price.';
const QUESTION = 'Which flights go from Lisbon to Oslo on 2 May, and is there a window seat?';
const THOUGHT = 'I need both the flights and the seats, so I call two tools.';
const ARGUMENTS = {
  origin: 'LIS',
  destination: 'OSL',
  date: '2026-05-02',
  passengers: [{ age: 34 }, { age: 3 }],
};
const FLIGHTS = JSON.stringify([
  { number: 'TP762', price: 189.5, departs: '07:05' },
  { number: 'DY1841', price: 99 },
]);
const SEATS = 'Row 14: A and F are free. Row 20: none.';
const ANSWER = 'TP762 leaves at 07:05 and costs 189.50 €. Seat 14A is at the window.';

const LONG_ID = 'toolu_01A09q90qw90lq917835lq9-and-more-that-costs-nothing';
const json = JSON.stringify(ARGUMENTS);

/**
 * The formula of the specification, for the conversation that each dialect below writes in its own way: 3 + tokens(role) + the
 * tokens of what goes to the model.
 */
const formula = (role: string, ...texts: string[]) => 3 + tokensOf(role, ...texts);
const CALLS = ['search_flights', json, 'seat_map', '{"flight":"TP762"}'];

const PROVIDER = { signature: 'S'.repeat(2000) };

const DIALECTS: Record<string, { events: object[]; expected: number[] }> = {
  'OpenAI Chat': {
    events: [
      { role: 'system', content: SYSTEM },
      { role: 'user', name: 'Ada', content: [{ type: 'text', text: QUESTION }] },
      {
        role: 'assistant',
        content: null,
        reasoning_content: THOUGHT,
        tool_calls: [
          { id: LONG_ID, type: 'function', function: { name: 'search_flights', arguments: json } },
          {
            id: `${LONG_ID}2`,
            type: 'function',
            function: { name: 'seat_map', arguments: '{"flight":"TP762"}' },
          },
        ],
      },
      { role: 'tool', tool_call_id: LONG_ID, content: FLIGHTS },
      { role: 'tool', tool_call_id: `${LONG_ID}2`, content: SEATS },
      { role: 'assistant', content: ANSWER, refusal: null, annotations: [] },
    ],
    expected: [
      formula('system', SYSTEM),
      formula('user', QUESTION, 'Ada') + 1,
      formula('assistant', THOUGHT, ...CALLS),
      formula('tool', FLIGHTS),
      formula('tool', SEATS),
      formula('assistant', ANSWER),
    ],
  },
  'OpenAI Responses': {
    events: [
      { role: 'developer', parts: [{ type: 'input_text', text: SYSTEM }] },
      { role: 'user', parts: [{ type: 'input_text', text: QUESTION }] },
      {
        role: 'assistant',
        parts: [
          {
            type: 'reasoning',
            id: `rs_${LONG_ID}`,
            summary: [{ type: 'summary_text', text: THOUGHT }],
            encrypted_content: 'E'.repeat(3200),
          },
          {
            type: 'function_call',
            id: `fc_${LONG_ID}`,
            call_id: LONG_ID,
            name: 'search_flights',
            arguments: json,
          },
          {
            type: 'function_call',
            id: 'fc_2',
            call_id: `${LONG_ID}2`,
            name: 'seat_map',
            arguments: '{"flight":"TP762"}',
          },
        ],
      },
      {
        role: 'tool',
        parts: [
          { type: 'function_call_output', call_id: LONG_ID, output: FLIGHTS },
          { type: 'function_call_output', call_id: `${LONG_ID}2`, output: SEATS },
        ],
      },
      {
        role: 'assistant',
        parts: [
          { type: 'message', id: 'msg_1', content: [{ type: 'output_text', text: ANSWER, annotations: [] }] },
        ],
      },
    ],
    expected: [
      formula('developer', SYSTEM),
      formula('user', QUESTION),
      formula('assistant', THOUGHT, ...CALLS) + 3200 / 16,
      formula('tool', FLIGHTS, SEATS),
      formula('assistant', ANSWER),
    ],
  },
  Anthropic: {
    events: [
      { role: 'system', content: SYSTEM },
      { role: 'user', content: QUESTION },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: THOUGHT, ...PROVIDER },
          { type: 'redacted_thinking', data: 'D'.repeat(800) },
          { type: 'tool_use', id: LONG_ID, name: 'search_flights', input: ARGUMENTS },
          { type: 'tool_use', id: `${LONG_ID}2`, name: 'seat_map', input: { flight: 'TP762' } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: LONG_ID, content: FLIGHTS },
          { type: 'tool_result', tool_use_id: `${LONG_ID}2`, content: [{ type: 'text', text: SEATS }] },
        ],
      },
      { role: 'assistant', content: [{ type: 'text', text: ANSWER, citations: null }] },
    ],
    expected: [
      formula('system', SYSTEM),
      formula('user', QUESTION),
      formula('assistant', THOUGHT, ...CALLS) + 800 / 16,
      formula('user', FLIGHTS, SEATS),
      formula('assistant', ANSWER),
    ],
  },
  'AI SDK, model messages': {
    events: [
      { role: 'system', content: SYSTEM },
      { role: 'user', content: [{ type: 'text', text: QUESTION }] },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: THOUGHT, providerOptions: { anthropic: PROVIDER } },
          {
            type: 'tool-call',
            toolCallId: LONG_ID,
            toolName: 'search_flights',
            input: ARGUMENTS,
            providerOptions: { google: { thoughtSignature: 'T'.repeat(9200) } },
          },
          { type: 'tool-call', toolCallId: `${LONG_ID}2`, toolName: 'seat_map', input: { flight: 'TP762' } },
        ],
      },
      {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            toolCallId: LONG_ID,
            toolName: 'search_flights',
            output: { type: 'json', value: JSON.parse(FLIGHTS) as unknown },
          },
          {
            type: 'tool-result',
            toolCallId: `${LONG_ID}2`,
            toolName: 'seat_map',
            output: { type: 'text', value: SEATS },
          },
        ],
      },
      { role: 'assistant', content: ANSWER },
    ],
    expected: [
      formula('system', SYSTEM),
      formula('user', QUESTION),
      formula('assistant', THOUGHT, ...CALLS),
      formula('tool', FLIGHTS, SEATS),
      formula('assistant', ANSWER),
    ],
  },
  'AI SDK, UI messages': {
    events: [
      { role: 'user', id: 'ui_1', parts: [{ type: 'text', text: QUESTION, state: 'done' }] },
      {
        role: 'assistant',
        id: 'ui_2',
        parts: [
          { type: 'step-start' },
          { type: 'reasoning', text: THOUGHT, state: 'done', providerMetadata: { anthropic: PROVIDER } },
          {
            type: 'tool-search_flights',
            toolCallId: LONG_ID,
            state: 'output-available',
            input: ARGUMENTS,
            output: JSON.parse(FLIGHTS) as unknown,
          },
          {
            type: 'dynamic-tool',
            toolName: 'seat_map',
            toolCallId: `${LONG_ID}2`,
            state: 'output-available',
            input: { flight: 'TP762' },
            output: SEATS,
          },
          { type: 'step-start' },
          { type: 'source-url', sourceId: 's', url: 'https://example.com/a/long/path', title: 'A title' },
          { type: 'text', text: ANSWER, state: 'done' },
        ],
      },
    ],
    expected: [formula('user', QUESTION), formula('assistant', THOUGHT, ...CALLS, FLIGHTS, SEATS, ANSWER)],
  },
  LangChain: {
    events: [
      { role: 'system', parts: [{ type: 'system', data: { content: SYSTEM, id: LONG_ID } }] },
      { role: 'user', parts: [{ type: 'human', data: { content: QUESTION } }] },
      {
        role: 'assistant',
        parts: [
          {
            type: 'ai',
            data: {
              content: '',
              tool_calls: [
                { id: LONG_ID, name: 'search_flights', args: ARGUMENTS, type: 'tool_call' },
                { id: `${LONG_ID}2`, name: 'seat_map', args: { flight: 'TP762' }, type: 'tool_call' },
              ],
            },
          },
        ],
      },
      { role: 'tool', parts: [{ type: 'tool', data: { content: FLIGHTS, tool_call_id: LONG_ID } }] },
      { role: 'tool', parts: [{ type: 'tool', data: { content: SEATS, tool_call_id: `${LONG_ID}2` } }] },
      { role: 'assistant', parts: [{ type: 'ai', data: { content: ANSWER } }] },
    ],
    expected: [
      formula('system', SYSTEM),
      formula('user', QUESTION),
      formula('assistant', ...CALLS),
      formula('tool', FLIGHTS),
      formula('tool', SEATS),
      formula('assistant', ANSWER),
    ],
  },
  ours: {
    events: [
      { role: 'system', parts: [{ type: 'text', text: SYSTEM }] },
      { role: 'user', content: QUESTION },
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', text: THOUGHT },
          { type: 'tool_call', id: LONG_ID, name: 'search_flights', input: ARGUMENTS },
          { type: 'tool_call', id: `${LONG_ID}2`, name: 'seat_map', input: { flight: 'TP762' } },
        ],
      },
      {
        role: 'tool',
        parts: [
          { type: 'tool_result', tool_call_id: LONG_ID, name: 'search_flights', content: FLIGHTS },
          { type: 'tool_result', tool_call_id: `${LONG_ID}2`, name: 'seat_map', content: SEATS },
        ],
      },
      { role: 'assistant', content: ANSWER },
    ],
    expected: [
      formula('system', SYSTEM),
      formula('user', QUESTION),
      formula('assistant', THOUGHT, ...CALLS),
      formula('tool', FLIGHTS, SEATS),
      formula('assistant', ANSWER),
    ],
  },
};

describe('token_estimate', () => {
  it.each(Object.entries(DIALECTS))(
    'is that of the formula for every event of %s',
    async (_, { events, expected }) => {
      const { id, estimates } = await appended(events);
      expect(estimates).toEqual(expected);
      const { body } = await service.http.window(id);
      expect(body.used_tokens).toBe(expected.reduce((sum, tokens) => sum + tokens, 0));
    },
  );

  const base64 = (file: Buffer) => file.toString('base64');
  const photo = base64(jpeg(3024, 4032, 300_000));
  const anthropic = (type: string, media_type: string, data: string) => [
    { type, source: { type: 'base64', media_type, data } },
  ];

  it.each([
    ['gpt-4o', 765],
    ['claude-opus-4-5', 1568],
    ['gemini-2.5-pro', 4 * 3 * 258],
  ])('counts a photo, a PDF and a recording by the formulas of %s', async (model, image) => {
    const pageTokens = { 'gpt-4o': 1265, 'claude-opus-4-5': 2250, 'gemini-2.5-pro': 258 }[model] ?? 0;
    const secondTokens = model.startsWith('gemini') ? 32 : 10;
    const { estimates } = await appended(
      [
        { role: 'user', content: anthropic('image', 'image/jpeg', photo) },
        { role: 'user', content: anthropic('document', 'application/pdf', base64(pdf(10, 200_000))) },
        {
          role: 'user',
          content: [{ type: 'input_audio', input_audio: { format: 'wav', data: base64(wav(60)) } }],
        },
      ],
      { model },
    );
    expect(estimates).toEqual([4 + image, 4 + 10 * pageTokens, 4 + 60 * secondTokens]);
  });

  it('counts text in the tokens of the model', async () => {
    const samples = JSON.parse(readFileSync('test/fixtures/texts-with-token-counts.json', 'utf8')) as Record<
      string,
      { claude: number; gemini: number; text: string }
    >;
    const events = Object.values(samples).map(({ text }) => ({ role: 'user', content: text }));
    for (const [model, provider] of [
      ['anthropic/claude-opus-4.5', 'claude'],
      ['gemini-2.5-pro', 'gemini'],
    ] as const) {
      const { estimates } = await appended(events, { model });
      expect(estimates).toEqual(Object.values(samples).map((sample) => 4 + Math.round(sample[provider])));
    }
    const { estimates } = await appended(events, { model: 'gpt-5' });
    expect(estimates).toEqual(Object.values(samples).map(({ text }) => 4 + tokensOf(text)));
  });

  it('of an image of 400 kB does not empty the window', async () => {
    const messages = Array.from({ length: 10 }, (_, index) => ({
      role: 'user',
      content: `message ${index}`,
    }));
    const { id, estimates } = await appended(
      [
        ...messages,
        { role: 'user', content: anthropic('image', 'image/jpeg', photo) },
        { role: 'assistant', content: 'A suitcase with a broken wheel.' },
      ],
      { token_budget: 128_000 },
    );
    expect(estimates[10]).toBe(769);
    const { body } = await service.http.window(id);
    expect(body.messages).toHaveLength(12);
    expect(body.needs_compaction).toBe(false);
  });
});

describe('token_count', () => {
  const call = { type: 'tool_call', id: 'c', name: 'read_file', input: { path: 'a.txt' } };
  const output = 'line of a long file\n'.repeat(40);
  const PLACEHOLDER = '[tool result removed]';
  const policy = (strategy: string, config: object = {}) => ({ policy: { strategy, config } });
  const usedTokens = async (events: object[], settings: object) => {
    const { id } = await appended(events, settings);
    return (await service.http.window(id)).body.used_tokens as number;
  };
  const last = { role: 'user', content: 'Thanks', token_count: 1 };

  it('shrinks in proportion when a policy removes parts', async () => {
    const parts = [{ type: 'text', text: ANSWER }, call];
    const whole = formula('assistant', ANSWER, 'read_file', '{"path":"a.txt"}');
    const used = await usedTokens(
      [{ role: 'assistant', parts, token_count: 5000 }, last],
      policy('skip_parts'),
    );
    expect(used).toBe(Math.round((5000 * formula('assistant', ANSWER)) / whole) + 1);
  });

  it.each([
    ['one part', [{ type: 'tool_result', tool_call_id: 'c', content: output }], []],
    [
      'several parts',
      [
        { type: 'tool_result', tool_call_id: 'c', content: output },
        { type: 'tool_result', tool_call_id: 'd', content: SEATS },
      ],
      [SEATS],
    ],
  ])('shrinks in proportion when a placeholder replaces an output of %s', async (_, parts, others) => {
    const events = [
      { role: 'assistant', parts: [call, { ...call, id: 'd' }].slice(0, parts.length), token_count: 1 },
      { role: 'tool', parts, token_count: 3000 },
      last,
    ];
    const used = await usedTokens(events, policy('strip_tool_results'));
    const left = formula('tool', ...parts.map(() => PLACEHOLDER));
    expect(used).toBe(1 + Math.round((3000 * left) / formula('tool', output, ...others)) + 1);
  });

  it('shrinks in proportion when a result without its call is removed', async () => {
    const parts = [
      { type: 'tool_result', tool_use_id: 'gone', content: output },
      { type: 'text', text: QUESTION },
    ];
    const used = await usedTokens([{ role: 'user', parts, token_count: 4000 }, last], policy('budget'));
    expect(used).toBe(Math.round((4000 * formula('user', QUESTION)) / formula('user', output, QUESTION)) + 1);
  });
});
