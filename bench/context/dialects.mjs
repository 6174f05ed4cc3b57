// The same conversation in the dialects that clients store. Messages are those of OpenAI Chat.

/** Events of a conversation by dialect. */
export const DIALECTS = {
  'openai-chat': (messages) => messages,
  'openai-responses': (messages) => messages.flatMap(toResponsesItems),
  anthropic: (messages) => messages.map(toAnthropic),
  'ai-sdk': (messages) => messages.map(toModelMessage),
  'ai-sdk UI messages': toUiMessages,
};

function toResponsesItems({ role, content, tool_calls: calls = [], tool_call_id: callId }) {
  if (role === 'tool')
    return [item('tool', { type: 'function_call_output', call_id: callId, output: content })];
  const text = { type: role === 'assistant' ? 'output_text' : 'input_text', text: content };
  return [
    ...(content ? [{ role, parts: [text] }] : []),
    ...calls.map(({ id, function: { name, arguments: input } }) =>
      item('assistant', { type: 'function_call', call_id: id, name, arguments: input }),
    ),
  ];
}

function item(role, part) {
  return { role, parts: [part] };
}

function toAnthropic({ role, content, tool_calls: calls = [], tool_call_id: id }) {
  if (role === 'tool') return { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content }] };
  if (calls.length === 0) return { role, content };
  const uses = calls.map((call) => ({
    type: 'tool_use',
    id: call.id,
    name: call.function.name,
    input: JSON.parse(call.function.arguments),
  }));
  return { role, content: [...textParts(content), ...uses] };
}

function toModelMessage({ role, content, tool_calls: calls = [], tool_call_id: toolCallId, name }) {
  const output = { type: 'text', value: content };
  if (role === 'tool')
    return { role, content: [{ type: 'tool-result', toolCallId, toolName: name ?? 'tool', output }] };
  if (calls.length === 0) return { role, content };
  const toolCalls = calls.map((call) => ({
    type: 'tool-call',
    toolCallId: call.id,
    toolName: call.function.name,
    input: JSON.parse(call.function.arguments),
  }));
  return { role, content: [...textParts(content), ...toolCalls] };
}

/** A UI message has everything that the assistant did between two messages of the user. */
function toUiMessages(messages) {
  const events = [];
  for (const { role, content, tool_calls: calls = [], tool_call_id: id } of messages) {
    const answer = events.at(-1);
    if (role === 'tool') Object.assign(openPart(answer, id), { state: 'output-available', output: content });
    else if (role === 'assistant' && answer.role === role)
      answer.parts.push(...uiParts(role, content, calls));
    else events.push({ role, parts: uiParts(role, content, calls) });
  }
  return events;
}

function uiParts(role, content, calls) {
  const toolParts = calls.map((call) => ({
    type: `tool-${call.function.name}`,
    toolCallId: call.id,
    state: 'input-available',
    input: JSON.parse(call.function.arguments),
  }));
  return [...(role === 'assistant' ? [{ type: 'step-start' }] : []), ...textParts(content), ...toolParts];
}

/** The call that a result belongs to. Ids repeat in some conversations. */
function openPart({ parts }, id) {
  return parts.findLast(({ toolCallId, state }) => toolCallId === id && state === 'input-available');
}

function textParts(text) {
  return text ? [{ type: 'text', text }] : [];
}
