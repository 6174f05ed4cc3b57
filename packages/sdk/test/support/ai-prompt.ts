import { expect } from '@jest/globals';

/** What providers ask of a prompt beyond what the AI SDK checks: nothing empty, and calls and results of tools only in pairs. */
export function expectValidPrompt(prompt: any[]): void {
  let called: string[] = [];
  for (const { role, content } of prompt) {
    expect(content).not.toHaveLength(0);
    const parts: any[] = typeof content === 'string' ? [] : content;
    for (const part of parts) if (part.type === 'text') expect(part.text).not.toBe('');
    const results = parts.filter(({ type }) => type === 'tool-result').map(({ toolCallId }) => toolCallId);
    if (role === 'tool') {
      expect(called).toEqual(expect.arrayContaining(results));
      called = called.filter((id) => !results.includes(id));
    } else {
      expect(called).toEqual([]); // every call has its result before anything else is said
      called = parts
        .filter(({ type, providerExecuted }) => type === 'tool-call' && !providerExecuted)
        .map(({ toolCallId }) => toolCallId);
    }
  }
  expect(called).toEqual([]);
}
