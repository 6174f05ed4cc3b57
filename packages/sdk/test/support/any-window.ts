import { reducedEvent, withoutKinds, withReplacedOutputs, type MessageEvent } from '@fastpaca/messages';
import fc from 'fast-check';
import type { Context, EventInput, Part, WindowMessage } from '../../src/index.js';

/** Ids that repeat, and one with characters that Anthropic does not allow. */
export const anyCallId: fc.Arbitrary<string> = fc.constantFrom(
  'call_0',
  'call_1',
  'call_2',
  'toolu_a',
  'functions.f:0',
);
export const someCallIds = fc.uniqueArray(anyCallId, { minLength: 1, maxLength: 3 });

/** What a call or a result is in one dialect. */
interface Dialect {
  calls: (ids: readonly string[], text: Part[]) => EventInput[];
  results: (ids: readonly string[]) => EventInput[];
}

const assistant = (parts: Part[], fields: object = {}): EventInput => ({
  role: 'assistant',
  parts,
  ...fields,
});
const tool = (parts: Part[]): EventInput => ({ role: 'tool', parts });

const DIALECTS: Readonly<Record<string, Dialect>> = {
  own: {
    calls: (ids, text) => [
      assistant([...text, ...ids.map((id) => ({ type: 'tool_call', id, name: 'f', arguments: '{"a":1}' }))]),
    ],
    results: (ids) => [tool(ids.map((id) => ({ type: 'tool_result', tool_call_id: id, content: 'done' })))],
  },
  openAiChat: {
    calls: (ids, text) => [
      assistant(text, {
        tool_calls: ids.map((id) => ({
          id,
          type: 'function',
          function: { name: 'f', arguments: '{"a":1}' },
        })),
      }),
    ],
    results: (ids) =>
      ids.map((id) => ({ role: 'tool', tool_call_id: id, parts: [{ type: 'text', text: 'done' }] })),
  },
  openAiResponses: {
    calls: (ids, text) => [
      ...text.map((part) =>
        assistant([
          { type: 'message', role: 'assistant', id: 'msg_x', content: [{ ...part, type: 'output_text' }] },
        ]),
      ),
      assistant([{ type: 'reasoning', id: 'rs_x', summary: [], encrypted_content: 'gAAA' }]),
      ...ids.map((id) =>
        assistant([{ type: 'function_call', id: 'fc_x', call_id: id, name: 'f', arguments: '{"a":1}' }]),
      ),
    ],
    results: (ids) => ids.map((id) => tool([{ type: 'function_call_output', call_id: id, output: 'done' }])),
  },
  anthropic: {
    calls: (ids, text) => [
      assistant([
        { type: 'thinking', thinking: 'hm', signature: 'EqQ' },
        ...text,
        ...ids.map((id) => ({ type: 'tool_use', id, name: 'f', input: { a: 1 } })),
      ]),
    ],
    results: (ids) => [
      {
        role: 'user',
        parts: [
          ...ids.map((id) => ({
            type: 'tool_result',
            tool_use_id: id,
            content: [{ type: 'text', text: 'done' }],
          })),
          { type: 'text', text: 'and?' },
        ],
      },
    ],
  },
  aiSdk: {
    calls: (ids, text) => [
      assistant([
        ...text,
        ...ids.map((id) => ({ type: 'tool-call', toolCallId: id, toolName: 'f.g', input: [1] })),
      ]),
    ],
    results: (ids) => [
      tool(
        ids.map((id) => ({
          type: 'tool-result',
          toolCallId: id,
          toolName: 'f.g',
          output: { type: 'json', value: [1] },
        })),
      ),
    ],
  },
  aiSdkImage: {
    calls: (ids) => [
      assistant(ids.map((id) => ({ type: 'tool-call', toolCallId: id, toolName: 'f', input: {} }))),
    ],
    results: (ids) => [
      tool(
        ids.map((id) => ({
          type: 'tool-result',
          toolCallId: id,
          toolName: 'f',
          output: {
            type: 'content',
            value: [
              { type: 'text', text: 'see' },
              { type: 'media', data: 'iVBORw0KGgo=', mediaType: 'image/png' },
            ],
          },
        })),
      ),
    ],
  },
};

const anyDialect = fc.constantFrom(...Object.values(DIALECTS));
const someText = fc.constantFrom<Part[]>([], [{ type: 'text', text: 'Let me see.' }]);

const anyUiMessage = fc
  .tuple(anyCallId, fc.constantFrom('output-available', 'output-error', 'input-available'))
  .map(([toolCallId, state]): EventInput[] => [
    assistant([
      { type: 'step-start' },
      { type: 'tool-f', toolCallId, state, input: { a: 1 }, output: { b: 2 }, errorText: 'no' },
      { type: 'step-start' },
      { type: 'text', text: 'Done.' },
    ]),
  ]);

const image = { type: 'image', image: 'iVBORw0KGgo=', mediaType: 'image/png' };
const pdf = { type: 'file', data: 'JVBERi0=', mediaType: 'application/pdf' };

const anyMessage = fc.constantFrom<EventInput>(
  { role: 'user', parts: [{ type: 'text', text: 'Hi' }], name: 'ann' },
  { role: 'user', parts: [{ type: 'text', text: 'Look: \ud800' }, image] },
  { role: 'user', parts: [pdf, { type: 'text', text: 'Read this.' }] },
  { role: 'user', parts: [{ type: 'location', text: 'Oslo' }] },
  { role: 'user', parts: [{ type: 'text', text: '' }] },
  { role: 'system', parts: [{ type: 'text', text: 'Be brief.' }] },
  { role: 'developer', parts: [{ type: 'text', text: 'Be kind.' }] },
  { role: 'assistant', parts: [{ type: 'text', text: 'Hello.' }] },
  { role: 'assistant', parts: [{ type: 'text', text: ' ' }] },
  { role: 'assistant', parts: [{ type: 'chart', data: [1] }] },
  { role: 'assistant', parts: [{ type: 'refusal', refusal: 'No.' }] },
  { role: 'tool', parts: [{ type: 'text', text: 'whose?' }] },
);

/** Events as other writers append them, in any dialect: calls without results, and results without calls. */
export const anyForeignEvents: fc.Arbitrary<EventInput[]> = fc.oneof(
  anyMessage.map((event) => [event]),
  fc.tuple(anyDialect, someCallIds, someText).map(([{ calls }, ids, text]) => calls(ids, text)),
  fc.tuple(anyDialect, someCallIds).map(([{ results }, ids]) => results(ids)),
  anyUiMessage,
);

/** How a window differs from the log: any events and parts may be missing, and a range may be replaced by a summary. */
export interface Cut {
  start: number;
  missing: readonly number[];
  summary: { from: number; length: number } | null;
  /** The kinds that a policy removes, or `strip`: it replaces the outputs of tool results by a text. */
  policy: readonly string[] | 'strip' | null;
}

export const WHOLE: Cut = { start: 0, missing: [], summary: null, policy: null };

export const anyCut: fc.Arbitrary<Cut> = fc.record({
  start: fc.oneof(fc.constant(0), fc.nat(16)),
  missing: fc.oneof(fc.constant([]), fc.array(fc.nat(24), { maxLength: 4 })),
  summary: fc.option(fc.record({ from: fc.nat(16), length: fc.nat(6) }), { freq: 3 }),
  policy: fc.oneof(
    { arbitrary: fc.constant(null), weight: 4 },
    {
      arbitrary: fc.constantFrom(
        'strip' as const,
        ['tool*'],
        ['reasoning'],
        ['text'],
        ['tool*', 'reasoning'],
      ),
      weight: 2,
    },
  ),
});

/** Undefined if nothing is left of the event. */
function reduce(event: MessageEvent, policy: readonly string[] | 'strip'): MessageEvent | undefined {
  const reduction =
    policy === 'strip' ? withReplacedOutputs(event, '[removed]') : withoutKinds(event, policy);
  return reduction && reducedEvent(event, reduction);
}

const SUMMARY = { role: 'system' as const, parts: [{ type: 'text', text: 'They met.' }] };

/** A conversation in memory. Its window is a cut of its log, as a policy, a budget and a compaction together could make it. */
export class CutConversation implements Pick<
  Context,
  'id' | 'append' | 'window' | 'compact' | 'withdraw' | 'replay' | 'get'
> {
  readonly id = 'chat';
  readonly log: EventInput[] = [];
  cut = WHOLE;

  append(events: unknown): Promise<never> {
    // As it is stored.
    const added = JSON.parse(JSON.stringify([events].flat())) as EventInput[];
    this.log.push(
      ...added.map(({ content, ...event }) =>
        content === undefined ? event : { ...event, parts: content as Part[] },
      ),
    );
    return Promise.resolve(undefined as never);
  }

  window(): Promise<never> {
    const { start, missing, summary, policy } = this.cut;
    const first = Math.min(start, Math.max(this.log.length - 1, 0));
    const messages = this.log.flatMap((event, index): WindowMessage[] => {
      const seq = index + 1;
      if (index < first || missing.includes(index)) return [];
      if (!summary || index < summary.from || index > summary.from + summary.length) {
        const reduced = policy ? reduce(event as MessageEvent, policy) : event;
        return reduced ? [{ ...reduced, seq } as WindowMessage] : [];
      }
      const toSeq = Math.min(summary.from + summary.length + 1, this.log.length);
      const message = { ...SUMMARY, content: '', seq: summary.from + 1, fromSeq: summary.from + 1, toSeq };
      return index === Math.max(summary.from, first) ? [message] : [];
    });
    return Promise.resolve({ messages, version: 1 } as never);
  }

  /** Changes nothing. */
  compact(): Promise<{ version: number; fromSeq: number; toSeq: number }> {
    return Promise.resolve({ version: 1, fromSeq: 1, toSeq: 1 });
  }

  /** Changes nothing. */
  withdraw(): Promise<{ version: number; fromSeq: number; toSeq: number }> {
    return this.compact();
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the interface is asynchronous
  async *replay(): ReturnType<Context['replay']> {
    for (const [index, event] of this.log.entries()) yield { ...event, seq: index + 1 } as never;
  }

  get(): Promise<never> {
    throw new Error('not used');
  }
}
