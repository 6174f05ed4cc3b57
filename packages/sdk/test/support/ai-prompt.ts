import { expect } from '@jest/globals';

/**
 * Checks what providers require of a prompt and the AI SDK does not check: no empty content, and tool calls and results
 * only in pairs.
 */
export function expectValidPrompt(prompt: any[]): void {
  let openCalls: string[] = [];
  for (const { role, content } of prompt) {
    expect(content).not.toHaveLength(0);
    const parts: any[] = typeof content === 'string' ? [] : content;
    for (const part of parts) if (part.type === 'text') expect(part.text).not.toBe('');
    const results = parts.filter(({ type }) => type === 'tool-result').map(({ toolCallId }) => toolCallId);
    if (role === 'tool') {
      expect(openCalls).toEqual(expect.arrayContaining(results));
      openCalls = openCalls.filter((id) => !results.includes(id));
    } else {
      expect(openCalls).toEqual([]); // every call has its result before any other message
      openCalls = parts
        .filter(({ type, providerExecuted }) => type === 'tool-call' && !providerExecuted)
        .map(({ toolCallId }) => toolCallId);
    }
  }
  expect(openCalls).toEqual([]);
}
