import type { ValidatedFormat, ValidationOptions } from '../../src/validate/index.js';

interface Example {
  source: string;
  format: ValidatedFormat;
  prompt: unknown;
  options?: ValidationOptions[ValidatedFormat];
}

/** Prompts after the examples in the guides of the providers. */
export const EXAMPLES: Example[] = [
  {
    source: 'OpenAI, Function calling, Chat Completions',
    format: 'openai-chat',
    prompt: {
      messages: [
        { role: 'developer', content: 'You are a helpful assistant that can give horoscopes.' },
        { role: 'user', content: 'What is my horoscope? I am an Aquarius.' },
        {
          role: 'assistant',
          content: null,
          refusal: null,
          annotations: [],
          tool_calls: [
            {
              id: 'call_12345xyz',
              type: 'function',
              function: { name: 'get_horoscope', arguments: '{"sign":"Aquarius"}' },
            },
          ],
        },
        {
          role: 'tool',
          tool_call_id: 'call_12345xyz',
          content: '{"horoscope":"Next Tuesday you will befriend a baby otter."}',
        },
      ],
    },
  },
  {
    source: 'OpenAI, Images and vision, Chat Completions',
    format: 'openai-chat',
    prompt: {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: "What's in this image?" },
            { type: 'image_url', image_url: { url: 'https://example.com/boardwalk.jpg', detail: 'high' } },
          ],
        },
      ],
    },
  },
  {
    source: 'OpenAI, Function calling, Responses',
    format: 'openai-responses',
    prompt: {
      input: [
        { role: 'user', content: 'What is the weather like in Paris today?' },
        { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAAABo', status: 'completed' },
        {
          type: 'function_call',
          id: 'fc_67ca09c3',
          call_id: 'call_XVhX',
          name: 'get_weather',
          arguments: '{"location":"Paris, France"}',
          status: 'completed',
        },
        { type: 'function_call_output', call_id: 'call_XVhX', output: '{"temperature":"25"}' },
      ],
    },
  },
  {
    source: 'OpenAI, Conversation state, Responses',
    format: 'openai-responses',
    prompt: {
      input: [
        { role: 'user', content: 'tell me a joke' },
        {
          id: 'msg_67ca',
          type: 'message',
          role: 'assistant',
          status: 'completed',
          content: [
            { type: 'output_text', text: 'Why did the scarecrow win?', annotations: [], logprobs: [] },
          ],
        },
        { role: 'user', content: [{ type: 'input_text', text: 'tell me another' }] },
      ],
    },
    options: { reasoningModel: false },
  },
  {
    source: 'Anthropic, Handle tool calls',
    format: 'anthropic',
    prompt: {
      messages: [
        { role: 'user', content: "What's the weather like in San Francisco?" },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: "I'll check the current weather in San Francisco for you." },
            {
              type: 'tool_use',
              id: 'toolu_01A09q90qw90lq917835lq9',
              name: 'get_weather',
              input: { location: 'San Francisco, CA', unit: 'celsius' },
            },
          ],
        },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 'toolu_01A09q90qw90lq917835lq9',
              content: [
                { type: 'text', text: '15 degrees' },
                {
                  type: 'document',
                  source: { type: 'text', media_type: 'text/plain', data: '15 degrees' },
                },
              ],
            },
            { type: 'text', text: 'What should I do next?' },
          ],
        },
      ],
    },
  },
  {
    source: 'Anthropic, Prompt caching, with thinking',
    format: 'anthropic',
    prompt: {
      system: [
        { type: 'text', text: 'You analyze literary works.' },
        { type: 'text', text: '<the whole book>', cache_control: { type: 'ephemeral', ttl: '1h' } },
      ],
      messages: [
        { role: 'user', content: 'Analyze the major themes.' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'The book …', signature: 'EqQBCgIYAhIM' },
            { type: 'redacted_thinking', data: 'EmwKAhgBEgy3va3p' },
            { type: 'text', text: 'Pride, and prejudice.' },
          ],
        },
        {
          role: 'user',
          content: [{ type: 'text', text: 'And the minor ones?', cache_control: { type: 'ephemeral' } }],
        },
      ],
    },
  },
  {
    source: 'Gemini, Thought signatures, parallel and sequential calls',
    format: 'gemini',
    prompt: {
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      contents: [
        { role: 'user', parts: [{ text: 'Check flight AA100 and book a taxi if it is delayed.' }] },
        {
          role: 'model',
          parts: [
            {
              functionCall: { name: 'check_flight', args: { flight: 'AA100' } },
              thoughtSignature: 'U2lnbmF0dXJlQQ==',
            },
            { functionCall: { name: 'check_weather', args: { city: 'Paris' } } },
          ],
        },
        {
          role: 'user',
          parts: [
            { functionResponse: { name: 'check_flight', response: { status: 'delayed' } } },
            { functionResponse: { name: 'check_weather', response: { sky: 'clear' } } },
          ],
        },
        {
          role: 'model',
          parts: [
            {
              functionCall: { name: 'book_taxi', args: { time: '10 AM' } },
              thoughtSignature: 'U2lnbmF0dXJlQg==',
            },
          ],
        },
        {
          role: 'user',
          parts: [{ functionResponse: { name: 'book_taxi', response: { booking_status: 'success' } } }],
        },
      ],
    },
  },
  {
    source: 'AI SDK, Prompts, tool messages',
    format: 'ai-sdk',
    prompt: {
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'How many calories are in this block of cheese?' }] },
        {
          role: 'assistant',
          content: [
            {
              type: 'tool-call',
              toolCallId: '12345',
              toolName: 'get-nutrition-data',
              input: { cheese: 'Roquefort' },
            },
          ],
        },
        {
          role: 'tool',
          content: [
            {
              type: 'tool-result',
              toolCallId: '12345',
              toolName: 'get-nutrition-data',
              output: { type: 'json', value: { calories: 369 } },
            },
          ],
        },
      ],
    },
  },
];
