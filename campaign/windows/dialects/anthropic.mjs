// Messages of Anthropic's Messages API. Applications store the system text as an event of its own.
import { fileOf } from './media.mjs';
import { defined, outputText } from './outputs.mjs';

export const anthropic = {
  name: 'anthropic',
  callPrefix: 'toolu_',
  flavors: { function: 1 },
  write: (acts, context) => acts.flatMap((act) => WRITERS[act.act](act, context)),
};

const WRITERS = {
  system: ({ text }, { random }) => [
    {
      role: 'system',
      content: random.chance(0.8) ? text : [{ type: 'text', text, cache_control: { type: 'ephemeral' } }],
    },
  ],
  user({ content, results = [] }, context) {
    const blocks = content.map((item) => contentBlock(item, context));
    const resultBlocks = results.map((result) => resultBlock(result, context));
    const isTextFirst = results.length > 0 && context.random.chance(0.2);
    return [
      message('user', isTextFirst ? [...blocks, ...resultBlocks] : [...resultBlocks, ...blocks], context),
    ];
  },
  answer: ({ content }, context) => [
    message(
      'assistant',
      content.flatMap((item) => answerBlocks(item, context)),
      context,
    ),
  ],
  results({ results }, context) {
    const blocks = results.map((result) => resultBlock(result, context));
    // Some agents write a message per result.
    return context.random.chance(0.15)
      ? blocks.map((block) => ({ role: 'user', content: [block] }))
      : [{ role: 'user', content: blocks }];
  },
};

function message(role, blocks, { random }) {
  const [only] = blocks;
  const isText = blocks.length === 1 && only.type === 'text' && Object.keys(only).length === 2;
  const content = isText && random.chance(0.5) ? only.text : blocks;
  if (blocks.length === 0) return { role, content: random.chance(0.5) ? '' : [{ type: 'text', text: '' }] };
  // A whole response, stored with its usage.
  if (role === 'assistant' && random.chance(0.1))
    return {
      id: 'msg_01',
      type: 'message',
      role,
      model: 'claude-opus-5',
      content,
      stop_reason: 'end_turn',
      usage: { input_tokens: 9 },
    };
  return { role, content };
}

function contentBlock({ text, media, unknown }, { random }) {
  if (unknown)
    return random.pick([
      { type: 'container_upload', file_id: 'file_1' },
      {
        type: 'search_result',
        source: 'https://example.com',
        title: 'T',
        content: [{ type: 'text', text: 'found' }],
      },
      { type: 'widget', a: 1 },
    ]);
  if (media) return mediaBlock(fileOf(media));
  return random.chance(0.05)
    ? { type: 'text', text, cache_control: { type: 'ephemeral' } }
    : { type: 'text', text };
}

function mediaBlock(file) {
  const type = file.kind === 'image' ? 'image' : 'document';
  if (file.kind === 'text')
    return { type, source: { type: 'text', media_type: 'text/plain', data: 'Hello' }, title: 'T' };
  if (file.form === 'id') return { type, source: { type: 'file', file_id: file.fileId } };
  if (file.form === 'url') return { type, source: { type: 'url', url: file.url } };
  return { type, source: { type: 'base64', media_type: file.type, data: file.data } };
}

function answerBlocks(item, context) {
  const { reasoning, refusal, call } = item;
  if (reasoning) return [reasoningBlock(reasoning)];
  if (refusal !== undefined) return [{ type: 'text', text: refusal }];
  if (call?.hosted) return hostedBlocks(call, context);
  if (call) return [defined({ type: 'tool_use', id: call.id, name: call.name, input: inputOf(call) })];
  if (item.media) return [];
  if (item.unknown) return [{ type: 'widget', a: 1 }];
  return [contentBlock(item, context)];
}

/** Arguments that are no JSON stay a text: the SDK could not parse them. */
function inputOf(call) {
  try {
    return JSON.parse(call.arguments);
  } catch {
    return call.arguments;
  }
}

function reasoningBlock({ kind, text, signature }) {
  if (kind === 'hidden') return { type: 'redacted_thinking', data: signature };
  return defined({ type: 'thinking', thinking: text, signature: kind === 'signed' ? signature : undefined });
}

function hostedBlocks({ name, input, result }, { random, words }) {
  const id = `${random.chance(0.6) ? 'srvtoolu_' : 'mcptoolu_'}${words.hex(10)}`;
  const isMcp = id.startsWith('mcp');
  const call = isMcp
    ? { type: 'mcp_tool_use', id, name, server_name: 'docs', input }
    : { type: 'server_tool_use', id, name: 'web_search', input: { query: 'price' } };
  if (!result) return [call];
  if (isMcp)
    return [
      call,
      {
        type: 'mcp_tool_result',
        tool_use_id: id,
        is_error: result.isError,
        content: [{ type: 'text', text: outputText(result.output) }],
      },
    ];
  const found = {
    type: 'web_search_result',
    url: 'https://example.com',
    title: 'T',
    encrypted_content: words.hex(40),
    page_age: null,
  };
  const failed = { type: 'web_search_tool_result_error', error_code: 'max_uses_exceeded' };
  return [
    call,
    { type: 'web_search_tool_result', tool_use_id: id, content: result.isError ? failed : [found] },
  ];
}

function resultBlock({ id, output, isError }, context) {
  const { random } = context;
  const isAbsent = output.text === '' && random.chance(0.5);
  const content = output.content
    ? output.content.map((item) => contentBlock(item, context))
    : outputText(output);
  const asBlocks =
    typeof content === 'string' && random.chance(0.2) ? [{ type: 'text', text: content }] : content;
  return defined({
    type: 'tool_result',
    tool_use_id: id,
    content: isAbsent ? undefined : asBlocks,
    is_error: isError || (random.chance(0.1) ? false : undefined),
  });
}
