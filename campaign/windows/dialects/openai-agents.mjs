// Items of the OpenAI Agents SDK, as FastpacaSession stores them.
import { fileOf, urlOf } from './media.mjs';
import { defined, outputText } from './outputs.mjs';

export const openAiAgents = {
  name: 'openai-agents',
  callPrefix: 'call_',
  flavors: { function: 12, computer: 1, shell: 1 },
  write: (acts, context) => acts.flatMap((act) => WRITERS[act.act](act, context)),
};

const METADATA = 'openaiAgents';

const WRITERS = {
  system: ({ text }) => [
    {
      role: 'system',
      parts: [{ type: 'text', text }],
      metadata: { [METADATA]: { type: 'message', shape: 'text' } },
    },
  ],
  user({ content, results }, context) {
    const before = results ? WRITERS.results({ results }, context) : [];
    const [only] = content;
    const isText = content.length === 1 && only.text !== undefined && context.random.chance(0.7);
    const parts = content.map(userPart);
    const shape = isText ? 'text' : 'parts';
    return [
      ...before,
      {
        role: 'user',
        parts: parts.length > 0 ? parts : [{ type: 'text', text: '' }],
        metadata: { [METADATA]: { type: 'message', shape: parts.length > 0 ? shape : 'none' } },
      },
    ];
  },
  answer: ({ content }, context) => content.flatMap((item) => answerEvents(item, context)),
  results: ({ results }, context) => results.map((result) => resultEvent(result, context)),
};

function userPart({ text, media, unknown }) {
  if (unknown) return { type: 'input_widget', a: 1 };
  if (!media) return { type: 'text', text };
  const file = fileOf(media);
  if (file.kind === 'image') return { type: 'input_image', image: urlOf(file) };
  return file.form === 'id'
    ? { type: 'input_file', file: { id: file.fileId } }
    : { type: 'input_file', file: urlOf(file), filename: file.filename };
}

function answerEvents(item, { words }) {
  const { reasoning, call } = item;
  if (reasoning) return [reasoningEvent(reasoning)];
  if (call?.hosted) return [hostedEvent(call, words)];
  if (call) return [callEvent(call, words)];
  if (item.media) return [];
  if (item.unknown)
    return [
      {
        role: 'assistant',
        parts: [{ type: 'compaction', encrypted_content: 'gAAA' }],
        metadata: { [METADATA]: {} },
      },
    ];
  const part =
    item.refusal === undefined
      ? { type: 'text', text: item.text }
      : { type: 'refusal', refusal: item.refusal };
  return [
    {
      role: 'assistant',
      id: `msg_${words.hex(12)}`,
      parts: [part],
      metadata: { [METADATA]: { type: 'message', status: 'completed', shape: 'parts' } },
    },
  ];
}

function reasoningEvent({ kind, text, signature, id }) {
  const isEmpty = kind === 'hidden';
  const fields = {
    type: 'reasoning',
    id: `rs_${id}`,
    ...(kind !== 'plain' && { providerData: { encrypted_content: signature } }),
  };
  return {
    role: 'assistant',
    parts: [{ type: 'reasoning', text: isEmpty ? '' : text }],
    metadata: { [METADATA]: { ...fields, ...(isEmpty && { shape: 'none' }) } },
  };
}

function hostedEvent({ result }, words) {
  const item = {
    type: 'hosted_tool_call',
    id: `ws_${words.hex(8)}`,
    name: 'web_search_call',
    status: result ? 'completed' : 'in_progress',
    providerData: { type: 'web_search_call', action: { type: 'search', query: 'price' } },
  };
  return { role: 'assistant', parts: [item], metadata: { [METADATA]: {} } };
}

function callEvent(call, words) {
  const { id: callId, name, input } = call;
  if (call.flavor === 'function') {
    const isExact = JSON.stringify(input) === call.arguments;
    const fields = {
      type: 'function_call',
      id: `fc_${words.hex(8)}`,
      status: 'completed',
      ...(!isExact && { arguments: call.arguments }),
    };
    return {
      role: 'assistant',
      parts: [defined({ type: 'tool-call', toolCallId: callId, toolName: name, input })],
      metadata: { [METADATA]: fields },
    };
  }
  const item =
    call.flavor === 'computer'
      ? {
          type: 'computer_call',
          callId,
          status: 'completed',
          action: { type: 'screenshot' },
          providerData: { pending_safety_checks: [] },
        }
      : { type: 'shell_call', callId, status: 'completed', action: { commands: ['ls'] } };
  return { role: 'assistant', parts: [defined(item)], metadata: { [METADATA]: {} } };
}

function resultEvent({ id: callId, call, output }) {
  if (call.flavor === 'function') {
    const value = output.content
      ? output.content.map(outputPart)
      : { type: 'text', text: outputText(output) };
    const stored = Array.isArray(value) ? { type: 'json', value } : { type: 'text', value: value.text };
    return {
      role: 'tool',
      parts: [defined({ type: 'tool-result', toolCallId: callId, toolName: call.name, output: stored })],
      metadata: { [METADATA]: { type: 'function_call_result', status: 'completed' } },
    };
  }
  const item =
    call.flavor === 'computer'
      ? {
          type: 'computer_call_result',
          callId,
          output: { type: 'computer_screenshot', data: fileOf({ kind: 'image' }).dataUrl },
        }
      : {
          type: 'shell_call_output',
          callId,
          output: [{ stdout: outputText(output), stderr: '', outcome: { type: 'exit', exitCode: 0 } }],
        };
  return { role: 'tool', parts: [defined(item)], metadata: { [METADATA]: {} } };
}

function outputPart({ text, media }) {
  return media ? { type: 'input_image', image: fileOf(media).dataUrl } : { type: 'input_text', text };
}
