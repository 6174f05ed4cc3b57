import type { MessageEvent, Part } from '../../src/index.js';

/** A call of a tool with the arguments `{"k": number}`. */
export interface Call {
  id: string | undefined;
  name: string;
  number: number;
  /** Arguments that are no JSON, where the dialect writes them as text. */
  isBroken: boolean;
  /** The result has an image, where the dialect allows it. */
  hasImage: boolean;
  /** `late`: the result comes after the next message. */
  fate: 'answered' | 'late' | 'unanswered';
}

export interface Answer {
  number: number;
  text: string | undefined;
  hasReasoning: boolean;
  /** With a call that the provider runs. */
  isHosted: boolean;
  /** One event per item, where the dialect has items. */
  isSplit: boolean;
  calls: readonly Call[];
  /** The model reasons before every answer. */
  reasons: boolean;
}

interface Spelling {
  user(text: string, hasImage: boolean): MessageEvent;
  answer(answer: Answer): MessageEvent[];
  result(call: Call, text: string, hasImage: boolean): MessageEvent;
  /** The results are parts of the answer. */
  hasResultsInAnswer?: boolean;
}

const PNG = 'iVBORw0KGgo=';
const DATA_URL = `data:image/png;base64,${PNG}`;
const part = (type: string, fields: object = {}): Part => ({ type, ...fields });
const text = (value: string): Part => part('text', { text: value });
const assistant = (...parts: Part[]): MessageEvent => ({ role: 'assistant', parts });
const list = (condition: unknown, ...parts: Part[]): Part[] => (condition ? parts : []);
const argumentsOf = ({ number, isBroken }: Call): string =>
  isBroken ? `{"k": ${number}` : `{"k":${number}}`;
const inputOf = ({ number }: Call) => ({ k: number });

const chat: Spelling = {
  user: (value, hasImage) => ({
    role: 'user',
    parts: [text(value), ...list(hasImage, part('image_url', { image_url: { url: DATA_URL } }))],
  }),
  answer: ({ text: value, calls }) => [
    {
      role: 'assistant',
      parts: list(value, text(value ?? '')),
      tool_calls: calls.map((call) => ({
        ...{ id: call.id, type: 'function' },
        function: { name: call.name, arguments: argumentsOf(call) },
      })),
    },
  ],
  result: ({ id }, value) => ({ role: 'tool', ...(id && { tool_call_id: id }), parts: [text(value)] }),
};

const responses: Spelling = {
  user: (value, hasImage) => ({
    role: 'user',
    parts: [
      part('input_text', { text: value }),
      ...list(hasImage, part('input_image', { image_url: DATA_URL, detail: 'auto' })),
    ],
  }),
  answer: ({ number, text: value, calls, isHosted, isSplit, reasons }) => {
    const content = [{ type: 'output_text', text: value, annotations: [] }];
    const items = [
      ...list(isHosted, part('web_search_call', { id: `ws_${number}`, status: 'completed', action: {} })),
      ...list(
        value,
        part('message', { id: `msg_${number}`, role: 'assistant', status: 'completed', content }),
      ),
      ...calls.map((call) =>
        part('function_call', {
          ...{ id: `fc_${call.number}`, call_id: call.id, name: call.name, arguments: argumentsOf(call) },
        }),
      ),
    ];
    const reasoning = part('reasoning', { id: `rs_${number}`, summary: [], encrypted_content: 'gAAA' });
    const all = [...list(reasons && items.length > 0, reasoning), ...items];
    return isSplit ? all.map((item) => assistant(item)) : [assistant(...all)];
  },
  result: ({ id }, value, hasImage) => ({
    role: 'tool',
    parts: [
      part('function_call_output', {
        call_id: id,
        output: hasImage
          ? [
              { type: 'input_text', text: value },
              { type: 'input_image', image_url: DATA_URL },
            ]
          : value,
      }),
    ],
  }),
};

const image = part('image', { source: { type: 'base64', media_type: 'image/png', data: PNG } });
const anthropic: Spelling = {
  user: (value, hasImage) => ({ role: 'user', parts: [text(value), ...list(hasImage, image)] }),
  answer: ({ number, text: value, calls, hasReasoning, isHosted }) => [
    assistant(
      ...list(hasReasoning, part('thinking', { thinking: 'hm', signature: 'EqQC' })),
      ...list(value, text(value ?? '')),
      ...list(
        isHosted,
        part('server_tool_use', { id: `srvtoolu_${number}`, name: 'web_search', input: {} }),
        part('web_search_tool_result', { tool_use_id: `srvtoolu_${number}`, content: [] }),
      ),
      ...calls.map((call) => part('tool_use', { id: call.id, name: call.name, input: inputOf(call) })),
    ),
  ],
  result: ({ id }, value, hasImage) => ({
    role: 'user',
    parts: [part('tool_result', { tool_use_id: id, content: [text(value), ...list(hasImage, image)] })],
  }),
};

const aiSdk: Spelling = {
  user: (value, hasImage) => ({
    role: 'user',
    parts: [text(value), ...list(hasImage, part('file', { mediaType: 'image/png', data: PNG }))],
  }),
  answer: ({ text: value, calls, hasReasoning, isHosted, number }) => [
    assistant(
      ...list(hasReasoning, part('reasoning', { text: 'hm' })),
      ...list(value, text(value ?? '')),
      ...list(
        isHosted,
        part('tool-call', {
          ...{ toolCallId: `ws_${number}`, toolName: 'web_search', input: {} },
          providerExecuted: true,
        }),
      ),
      ...calls.map((call, index) =>
        part('tool-call', {
          ...{ toolCallId: call.id, toolName: call.name, input: inputOf(call) },
          ...(hasReasoning && index === 0 && { providerOptions: { google: { thoughtSignature: 'AAAA' } } }),
        }),
      ),
    ),
  ],
  result: ({ id, name }, value, hasImage) => ({
    role: 'tool',
    parts: [
      part('tool-result', {
        ...{ toolCallId: id, toolName: name },
        output: hasImage
          ? {
              type: 'content',
              value: [text(value), { type: 'image-data', mediaType: 'image/png', data: PNG }],
            }
          : { type: 'text', value },
      }),
    ],
  }),
};

const ui: Spelling = {
  ...aiSdk,
  hasResultsInAnswer: true,
  answer: ({ text: value, calls, hasReasoning }) => [
    assistant(
      part('step-start'),
      ...list(hasReasoning, part('reasoning', { text: 'hm' })),
      ...calls.map((call) =>
        part(`tool-${call.name}`, {
          ...{ toolCallId: call.id ?? 'x', input: inputOf(call) },
          ...(call.fate === 'unanswered'
            ? { state: 'input-available' }
            : { state: 'output-available', output: `result ${call.number}` }),
        }),
      ),
      part('step-start'),
      ...list(value, text(value ?? '')),
    ),
  ],
};

const ours: Spelling = {
  user: (value) => ({ role: 'user', parts: [text(value)] }),
  answer: ({ text: value, calls }) => [
    assistant(
      ...list(value, text(value ?? '')),
      ...calls.map((call) =>
        part('tool_call', { id: call.id, name: call.name, arguments: argumentsOf(call) }),
      ),
    ),
  ],
  result: ({ id }, value) => ({
    role: 'tool',
    parts: [part('tool_result', { tool_call_id: id, content: value })],
  }),
};

const langchain: Spelling = {
  ...chat,
  answer: ({ text: value, calls }) => [
    {
      role: 'assistant',
      parts: list(value, text(value ?? '')),
      tool_calls: calls.map((call) => ({
        type: 'tool_call',
        id: call.id,
        name: call.name,
        args: inputOf(call),
      })),
    },
  ],
};

const agents: Spelling = {
  user: (value) => ({ role: 'user', parts: [text(value)] }),
  answer: ({ number, text: value, calls, reasons }) => [
    ...(reasons ? [assistant(part('reasoning', { id: `rs_${number}`, content: [] }))] : []),
    ...calls.map((call) =>
      assistant(
        part('function_call', {
          ...{ id: `fc_${call.number}`, callId: call.id, name: call.name, arguments: argumentsOf(call) },
        }),
      ),
    ),
    ...(value
      ? [
          assistant(
            part('message', {
              ...{ id: `msg_${number}`, role: 'assistant', status: 'completed' },
              content: [{ type: 'output_text', text: value, providerData: {} }],
            }),
          ),
        ]
      : []),
  ],
  result: ({ id, name }, value) => ({
    role: 'tool',
    parts: [part('function_call_result', { callId: id, name, output: { type: 'text', text: value } })],
  }),
};

/** How each dialect writes the parts of a conversation. */
export const SPELLINGS = {
  'openai-chat': chat,
  'openai-responses': responses,
  anthropic,
  'ai-sdk': aiSdk,
  'ai-sdk-ui': ui,
  ours,
  langchain,
  'openai-agents': agents,
} satisfies Record<string, Spelling>;

export type Dialect = keyof typeof SPELLINGS;
