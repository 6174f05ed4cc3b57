import type { ValidatedFormat, Violation } from '@fastpaca/messages/validate';

/** The text of every answer. */
export const ANSWER_TEXT = 'Understood.';

/** The API of a provider, as far as a test needs it: one route, and answers of the shape that the provider's clients expect. */
export interface ProviderApi {
  format: Exclude<ValidatedFormat, 'ai-sdk'>;
  path: string;
  /** The fields of a request that are the prompt. */
  promptFields: readonly string[];
  /** The body of a 200. */
  answer: object;
  /** The body of a 400. */
  rejection: (message: string, violation: Violation) => object;
}

const openAiRejection: ProviderApi['rejection'] = (message, { path }) => ({
  error: { message, type: 'invalid_request_error', param: path, code: null },
});

export const PROVIDER_APIS: readonly ProviderApi[] = [
  {
    format: 'openai-chat',
    path: '/v1/chat/completions',
    promptFields: ['messages'],
    answer: {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'stub',
      choices: [{ index: 0, message: { role: 'assistant', content: ANSWER_TEXT }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    },
    rejection: openAiRejection,
  },
  {
    format: 'openai-responses',
    path: '/v1/responses',
    promptFields: ['input'],
    answer: {
      id: 'resp_1',
      object: 'response',
      created_at: 1,
      status: 'completed',
      model: 'stub',
      output: [
        {
          type: 'message',
          id: 'msg_1',
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: ANSWER_TEXT, annotations: [] }],
        },
      ],
      usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
    },
    rejection: openAiRejection,
  },
  {
    format: 'anthropic',
    path: '/v1/messages',
    promptFields: ['system', 'messages'],
    answer: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'stub',
      content: [{ type: 'text', text: ANSWER_TEXT }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 1 },
    },
    rejection: (message) => ({
      type: 'error',
      error: { type: 'invalid_request_error', message },
      request_id: 'req_1',
    }),
  },
  {
    format: 'gemini',
    path: '/v1/models/:model',
    promptFields: ['systemInstruction', 'contents'],
    answer: {
      candidates: [
        { index: 0, content: { role: 'model', parts: [{ text: ANSWER_TEXT }] }, finishReason: 'STOP' },
      ],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
    },
    rejection: (message) => ({ error: { code: 400, message, status: 'INVALID_ARGUMENT' } }),
  },
];
