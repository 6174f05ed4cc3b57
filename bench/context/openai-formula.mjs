// OpenAI's formula, written from its cookbook and not from the service: "How to count tokens with tiktoken", November 2026.
import { get_encoding } from 'tiktoken';

const encoding = get_encoding('o200k_base');

export function openaiTokens(text) {
  return encoding.encode_ordinary(text).length;
}

/**
 * Tokens of messages in a request of Chat Completions, without the 3 tokens that begin the reply: 3 for each message, those of each
 * value, and 1 for a name. The cookbook does not say what a tool call counts. Here it counts its name and arguments; ids count
 * nothing.
 */
export function openaiMessageTokens(messages) {
  return messages.reduce((sum, { role, content, name, tool_calls: calls = [] }) => {
    const values = [
      role,
      content ?? '',
      ...calls.flatMap(({ function: called }) => [called.name, called.arguments]),
    ];
    const ofName = name !== undefined && role !== 'tool' ? openaiTokens(name) + 1 : 0;
    return sum + 3 + ofName + values.reduce((total, value) => total + openaiTokens(value), 0);
  }, 0);
}
