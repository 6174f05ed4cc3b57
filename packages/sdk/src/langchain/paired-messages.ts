import { AIMessage, ToolMessage, type BaseMessage } from '@langchain/core/messages';
import { ToolPairing } from '../messages/tool-pairing.js';

/**
 * Leaves out what providers reject: tool results without their call, and calls without their result. A policy, a compaction or the token
 * budget may have removed the other half. Calls of the last message are kept: their results may still follow.
 */
export function keepPairedMessages(messages: readonly BaseMessage[]): BaseMessage[] {
  const pairing = new ToolPairing<true>('any');
  const resultIds = new Set(
    messages.filter((message) => ToolMessage.isInstance(message)).map(({ tool_call_id: id }) => id),
  );
  const lastIndex = messages.findLastIndex((message) => !ToolMessage.isInstance(message));
  return messages.flatMap((message, index) => {
    if (ToolMessage.isInstance(message)) {
      return pairing.addResult({ id: message.tool_call_id }) ? [message] : [];
    }
    if (!AIMessage.isInstance(message) || !message.tool_calls?.length) return [message];
    const calls = message.tool_calls.filter(({ id = '' }) => index === lastIndex || resultIds.has(id));
    for (const { id = '' } of calls) pairing.addCall(true, { id });
    if (calls.length === message.tool_calls.length) return [message];
    return calls.length || message.content.length ? [withToolCalls(message, calls)] : [];
  });
}

function withToolCalls(message: AIMessage, calls: AIMessage['tool_calls']): AIMessage {
  const { content, id, name, additional_kwargs, response_metadata, usage_metadata, invalid_tool_calls } =
    message;
  const fields = { id, name, additional_kwargs, response_metadata, usage_metadata, invalid_tool_calls };
  return new AIMessage({ ...fields, content, tool_calls: calls });
}
