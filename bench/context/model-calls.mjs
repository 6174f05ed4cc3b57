/**
 * What a client appends between its calls of the model: the messages before each answer of the assistant. What follows the last
 * answer, and that answer, are the last entry.
 *
 * @param messages of OpenAI Chat
 */
export function modelCalls(messages) {
  const calls = [];
  let appended = [];
  for (const message of messages) {
    if (message.role === 'assistant' && appended.length > 0) {
      calls.push(appended);
      appended = [];
    }
    appended.push(message);
  }
  return appended.length > 0 ? [...calls, appended] : calls;
}
