// Items of OpenAI's Responses API: an event per item, or an event per response with its items as parts.
import { fileOf, urlOf } from './media.mjs';
import { defined, hasMedia, outputText } from './outputs.mjs';

const FLAVORS = { function: 20, custom: 2, computer: 0.7, shell: 0.7, 'local shell': 0.4, patch: 0.5 };

export const openAiResponsesItems = {
  name: 'openai-responses',
  callPrefix: 'call_',
  flavors: FLAVORS,
  write: (acts, context) => write(acts, { ...context, isItemPerEvent: true }),
};

export const openAiResponsesParts = {
  name: 'openai-responses-parts',
  callPrefix: 'call_',
  flavors: FLAVORS,
  write: (acts, context) => write(acts, { ...context, isItemPerEvent: false }),
};

function write(acts, context) {
  // Applications with `store: false` often send items back without their ids.
  const hasIds = context.random.chance(0.7);
  return acts.flatMap((act) => WRITERS[act.act](act, { ...context, hasIds }));
}

const WRITERS = {
  system: ({ role, text }, { random }) => [
    messageEvent({ role, content: random.chance(0.5) ? text : [inputText(text)] }),
  ],
  user({ content, results }, context) {
    const before = results ? WRITERS.results({ results }, context) : [];
    return [...before, messageEvent(userMessage(content, context))];
  },
  answer: ({ content }, context) => eventsOf(answerItems(content, context), 'assistant', context),
  results: ({ results }, context) =>
    eventsOf(
      results.map((result) => outputItem(result, context)),
      context.random.chance(0.7) ? 'tool' : 'user',
      context,
    ),
};

function eventsOf(items, role, { random, isItemPerEvent }) {
  if (items.length === 0) return [{ role, content: '' }];
  if (!isItemPerEvent) return [{ role, content: items }];
  return items.map((item) =>
    item.type === 'message' && random.chance(0.7) ? messageEvent(item) : { role, content: [item] },
  );
}

/** A message item is an event as it is. */
function messageEvent(item) {
  return item;
}

const inputText = (text) => ({ type: 'input_text', text });

function userMessage(content, { random }) {
  const [only] = content;
  const item = random.chance(0.4) ? { type: 'message', role: 'user' } : { role: 'user' };
  if (content.length === 0) return { ...item, content: '' };
  if (content.length === 1 && only.text !== undefined && random.chance(0.6))
    return { ...item, content: only.text };
  return { ...item, content: content.map(inputPart) };
}

function inputPart({ text, media, unknown }) {
  if (unknown) return { type: 'input_widget', a: 1 };
  if (media) return mediaPart(fileOf(media));
  return inputText(text);
}

function mediaPart(file) {
  if (file.kind === 'image')
    return file.form === 'id'
      ? { type: 'input_image', file_id: file.fileId, detail: 'auto' }
      : { type: 'input_image', image_url: urlOf(file), detail: 'auto' };
  if (file.kind === 'audio') return { type: 'input_audio', input_audio: { data: file.data, format: 'wav' } };
  if (file.form === 'id') return { type: 'input_file', file_id: file.fileId };
  if (file.form === 'url') return { type: 'input_file', file_url: file.url };
  return { type: 'input_file', file_data: file.dataUrl, filename: file.filename };
}

function answerItems(content, context) {
  const { random, words } = context;
  const items = content.flatMap((item) => answerItem(item, context));
  if (words.applies('unknown parts', 0.2))
    items.unshift({ type: 'compaction', id: 'cmp_1', encrypted_content: words.hex(60) });
  if (words.applies('approvals', 0.3)) items.push(...approvalItems(random, words));
  return items;
}

function answerItem(item, context) {
  const { reasoning, call } = item;
  if (reasoning) return [reasoningItem(reasoning, context)];
  if (call?.hosted) return [hostedItem(call, context)];
  if (call) return [callItem(call, context)];
  if (item.media)
    return [
      withRequiredId(
        'ig_',
        { type: 'image_generation_call', status: 'completed', result: fileOf(item.media).data },
        context,
      ),
    ];
  if (item.unknown) return [{ type: 'future_item', a: 1 }];
  const part =
    item.refusal === undefined
      ? { type: 'output_text', text: item.text, annotations: [] }
      : { type: 'refusal', refusal: item.refusal };
  const message = { type: 'message', role: 'assistant', content: [part] };
  return [withId('msg_', context.hasIds ? { ...message, status: 'completed' } : message, context)];
}

function withId(prefix, item, { hasIds, words }) {
  return hasIds ? { id: `${prefix}${words.hex(16)}`, ...item } : item;
}

/** Items that the API refuses without their id. */
function withRequiredId(prefix, item, { words }) {
  return withId(prefix, item, { hasIds: true, words });
}

function reasoningItem({ kind, text, signature, id }, { hasIds, random }) {
  return defined({
    type: 'reasoning',
    id: hasIds || random.chance(0.2) ? `rs_${id}` : undefined,
    summary: kind === 'hidden' ? [] : [{ type: 'summary_text', text }],
    encrypted_content: kind === 'plain' ? undefined : `gAAAAA${signature}`,
  });
}

function callItem(call, context) {
  const { id: callId, name, flavor } = call;
  const item = { call_id: callId, status: 'completed' };
  switch (flavor) {
    case 'custom':
      return withId(
        'ctc_',
        defined({ type: 'custom_tool_call', call_id: callId, name, input: call.arguments }),
        context,
      );
    case 'computer':
      return withRequiredId(
        'cu_',
        defined({
          type: 'computer_call',
          ...item,
          action: { type: 'screenshot' },
          pending_safety_checks: [],
        }),
        context,
      );
    case 'shell':
      return withId(
        'sh_',
        defined({
          type: 'shell_call',
          ...item,
          action: { commands: ['ls'], timeout_ms: 1000, max_output_length: 99 },
        }),
        context,
      );
    case 'local shell':
      return withRequiredId(
        'lsh_',
        defined({ type: 'local_shell_call', ...item, action: { type: 'exec', command: ['ls'], env: {} } }),
        context,
      );
    case 'patch':
      return withId(
        'apc_',
        defined({ type: 'apply_patch_call', ...item, operation: { type: 'delete_file', path: 'a' } }),
        context,
      );
    default:
      return withId(
        'fc_',
        defined({ type: 'function_call', ...item, name, arguments: call.arguments }),
        context,
      );
  }
}

function outputItem({ id, call, output }, { words }) {
  switch (call.flavor) {
    case 'custom':
      return defined({ type: 'custom_tool_call_output', call_id: id, output: outputText(output) });
    case 'computer':
      return defined({
        type: 'computer_call_output',
        call_id: id,
        output: { type: 'computer_screenshot', image_url: fileOf({ kind: 'image' }).dataUrl },
      });
    case 'shell':
      return defined({
        type: 'shell_call_output',
        call_id: id,
        max_output_length: 99,
        output: [{ stdout: outputText(output), stderr: '', outcome: { type: 'exit', exit_code: 0 } }],
      });
    case 'local shell':
      return defined({
        type: 'local_shell_call_output',
        id: id ?? `lsho_${words.hex(6)}`,
        output: outputText(output),
      });
    case 'patch':
      return defined({
        type: 'apply_patch_call_output',
        call_id: id,
        status: 'completed',
        output: outputText(output),
      });
    default: {
      const content = hasMedia(output) || output.content ? output.content.map(inputPart) : outputText(output);
      return defined({ type: 'function_call_output', call_id: id, output: content });
    }
  }
}

function hostedItem({ name, result, input }, context) {
  const { random } = context;
  const status = result ? 'completed' : 'in_progress';
  switch (random.weighted({ search: 3, files: 2, mcp: 3, code: 1, tools: 0.5 })) {
    case 'search':
      return withRequiredId(
        'ws_',
        { type: 'web_search_call', status, action: { type: 'search', query: 'price' } },
        context,
      );
    case 'files':
      return withRequiredId(
        'fs_',
        { type: 'file_search_call', status, queries: ['price'], results: null },
        context,
      );
    case 'code':
      return withRequiredId(
        'ci_',
        { type: 'code_interpreter_call', status, code: '1+1', container_id: 'cntr_1', outputs: null },
        context,
      );
    case 'tools':
      return withRequiredId(
        'mcpl_',
        { type: 'mcp_list_tools', server_label: 'docs', tools: [{ name: 'f', input_schema: {} }] },
        context,
      );
    default: {
      const outcome =
        result &&
        (result.isError
          ? { output: null, error: 'failed' }
          : { output: outputText(result.output), error: null });
      return withRequiredId(
        'mcp_',
        {
          type: 'mcp_call',
          server_label: 'docs',
          name,
          arguments: JSON.stringify(input),
          approval_request_id: null,
          ...outcome,
        },
        context,
      );
    }
  }
}

function approvalItems(random, words) {
  const id = `mcpr_${words.hex(6)}`;
  const request = { type: 'mcp_approval_request', id, server_label: 'docs', name: 'f', arguments: '{}' };
  const response = { type: 'mcp_approval_response', approval_request_id: id, approve: random.chance(0.5) };
  return random.chance(0.7) ? [request, response] : [request];
}
