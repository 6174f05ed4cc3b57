// Messages of LangChain: as FastpacaChatMessageHistory stores them, and the messages of `mapChatMessagesToStoredMessages`, whose
// fields applications spread into an event.
import { fileOf, urlOf } from './media.mjs';
import { defined, outputText } from './outputs.mjs';

export const langChain = {
  name: 'langchain',
  callPrefix: 'call_',
  flavors: { function: 1 },
  write: (acts, context) => writeMessages(acts, context).map(historyEvent),
};

export const langChainDumps = {
  name: 'langchain-dumps',
  callPrefix: 'call_',
  flavors: { function: 1 },
  write: (acts, context) => writeMessages(acts, context).map(dumpedEvent),
};

const ROLES = { human: 'user', ai: 'assistant', system: 'system', tool: 'tool' };

function historyEvent({ type, data: { content, tool_calls: calls = [], ...data } }) {
  const isText = typeof content === 'string';
  const blocks = isText ? (content === '' ? [] : [{ type: 'text', text: content }]) : content;
  const parts =
    type === 'tool'
      ? [{ type: 'tool_result', tool_call_id: data.tool_call_id, content }]
      : [...blocks, ...calls.map((call) => ({ ...call, origin: 'tool_calls', type: 'tool_call' }))];
  return {
    role: ROLES[type],
    parts: parts.length > 0 ? parts.map(defined) : [{ type: 'text', text: '' }],
    metadata: { langchain: { type, text: isText, data } },
  };
}

function dumpedEvent({ type, data }) {
  return { role: ROLES[type], ...data, content: data.content.length > 0 ? data.content : '' };
}

function writeMessages(acts, context) {
  // Messages of ChatAnthropic hold their calls twice: as blocks and as `tool_calls`.
  const provider = context.random.pick(['anthropic', 'openai']);
  return acts.flatMap((act) => WRITERS[act.act](act, { ...context, provider }));
}

const WRITERS = {
  system: ({ text }) => [stored('system', { content: text })],
  user({ content, results }, context) {
    const before = results ? WRITERS.results({ results }, context) : [];
    const [only] = content;
    const isText = content.length <= 1 && only?.media === undefined && !only?.unknown;
    return [...before, stored('human', { content: isText ? (only?.text ?? '') : content.map(block) })];
  },
  answer({ content }, context) {
    const { provider } = context;
    const calls = content.flatMap(({ call }) => (call && !call.hosted ? [call] : []));
    const blocks = content.flatMap((item) => answerBlocks(item, context));
    const texts = content.flatMap(({ text, refusal }) => text ?? refusal ?? []);
    const isText = provider === 'openai' || blocks.every(({ type }) => type === 'text');
    return [
      stored('ai', {
        content: isText ? texts.join('') : blocks,
        tool_calls: calls
          .filter(hasJson)
          .map(({ id, name, input }) => ({ name, args: input, id, type: 'tool_call' })),
        invalid_tool_calls: calls
          .filter((call) => !hasJson(call))
          .map(({ id, name, arguments: args }) => ({
            name,
            args,
            id,
            error: 'Malformed args.',
            type: 'invalid_tool_call',
          })),
        response_metadata: { model: 'm' },
      }),
    ];
  },
  results: ({ results }, context) =>
    results.map(({ id, call, output, isError }) =>
      stored('tool', {
        content: output.content ? output.content.map(block) : outputText(output),
        tool_call_id: id,
        name: context.random.chance(0.5) ? call.name : undefined,
        status: isError ? 'error' : 'success',
      }),
    ),
};

function stored(type, data) {
  return { type, data: defined({ additional_kwargs: {}, response_metadata: {}, ...data }) };
}

function hasJson({ arguments: text }) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function block({ text, media, unknown }) {
  if (unknown) return { type: 'non_standard', value: { a: 1 } };
  if (!media) return { type: 'text', text };
  const file = fileOf(media);
  return file.kind === 'image'
    ? { type: 'image_url', image_url: { url: urlOf(file) } }
    : { type: 'file', mimeType: file.type, data: file.data };
}

function answerBlocks({ reasoning, call, text, refusal, media, unknown }) {
  if (reasoning?.kind === 'hidden') return [{ type: 'redacted_thinking', data: reasoning.signature }];
  if (reasoning) return [{ type: 'thinking', thinking: reasoning.text, signature: reasoning.signature }];
  if (call?.hosted)
    return [{ type: 'server_tool_use', id: `srvtoolu_${call.name}`, name: 'web_search', input: {} }];
  if (call) return [defined({ type: 'tool_use', id: call.id, name: call.name, input: call.input })];
  return [block({ text: text ?? refusal, media, unknown })];
}
