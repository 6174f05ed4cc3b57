import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Part } from '../event.js';
import { repairWindow } from '../repair.js';
import { FORMATS, renderPrompt } from './render-prompt.js';

const TYPES = [
  ...[
    'text',
    'tool_use',
    'tool_result',
    'tool-call',
    'tool-result',
    'tool_call',
    'function_call',
    'function_call_output',
  ],
  ...[
    'image',
    'image_url',
    'file',
    'document',
    'thinking',
    'reasoning',
    'tool-f',
    'dynamic-tool',
    'mcp_call',
    'message',
  ],
  ...[
    'refusal',
    'input_audio',
    'custom',
    'server_tool_use',
    'web_search_tool_result',
    'tool-approval-response',
  ],
];
const KEYS = [
  ...[
    'text',
    'id',
    'tool_use_id',
    'toolCallId',
    'call_id',
    'name',
    'toolName',
    'input',
    'arguments',
    'content',
    'output',
  ],
  ...[
    'source',
    'image_url',
    'file',
    'data',
    'state',
    'function',
    'summary',
    'signature',
    'providerOptions',
    'refusal',
  ],
];
const value = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    '',
    ' ',
    'output-available',
    'input-available',
    '{"x":1}',
    '\ud800',
    null,
    7,
    true,
  ),
  fc.constantFrom(
    [],
    {},
    [{ type: 'text', text: 't' }],
    [null],
    { type: 'json', value: 1 },
    { type: 'content', value: 3 },
  ),
  fc.jsonValue({ maxDepth: 2 }),
);
const part = fc
  .tuple(fc.constantFrom(...TYPES), fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 6 }))
  .map(([type, fields]): Part => ({ ...fields, type }));
const event = fc
  .record({
    role: fc.constantFrom('system', 'developer', 'user', 'assistant', 'tool'),
    parts: fc.array(part, { maxLength: 4 }),
    fields: fc.dictionary(
      fc.constantFrom('tool_calls', 'tool_call_id', 'name', 'refusal', 'audio', 'function_call'),
      value,
    ),
  })
  .map(({ role, parts, fields }) => ({ ...fields, role, parts }));

describe('an event of any shape', () => {
  it('is rendered and repaired without an error, and is not modified', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 8 }), (events) => {
        const before = JSON.stringify(events);
        const window = events.map((each, index) => ({ seq: index + 1, event: each }));
        for (const format of FORMATS) JSON.stringify(renderPrompt(format, window));
        const { messages } = repairWindow(window);
        // Results that were added for several calls without an id cannot be told apart.
        const again = repairWindow(messages).repairs.filter(({ call_id: id }) => id !== undefined);
        expect(again.filter(({ code }) => code === 'result_without_call')).toEqual([]);
        expect(JSON.stringify(events)).toBe(before);
      }),
      { numRuns: Number(process.env.RUNS ?? 1000) },
    );
  });
});
