// ModelMessages of the AI SDK 5, 6 and 7, as `ctx.append(response.messages)` stores them.
import { fileOf, urlOf } from './media.mjs';
import { defined, outputText } from './outputs.mjs';

export const aiSdk = {
  name: 'ai-sdk',
  callPrefix: 'call_',
  flavors: { function: 1 },
  write(acts, context) {
    const version = context.random.pick([5, 6, 7]);
    const provider = context.random.pick(['openai', 'anthropic', 'google']);
    return acts.flatMap((act) =>
      WRITERS[act.act](act, { ...context, version, provider, approvals: new Map() }),
    );
  },
};

const WRITERS = {
  system: ({ text }, { random }) => [
    defined({
      role: 'system',
      content: text,
      providerOptions: random.chance(0.1)
        ? { anthropic: { cacheControl: { type: 'ephemeral' } } }
        : undefined,
    }),
  ],
  user({ content, results }, context) {
    const before = results ? WRITERS.results({ results }, context) : [];
    const [only] = content;
    const isText = content.length === 1 && only.text !== undefined && context.random.chance(0.6);
    const parts = content.map((item) => userPart(item, context));
    return [
      ...before,
      { role: 'user', content: isText || content.length === 0 ? (only?.text ?? '') : parts },
    ];
  },
  answer({ content }, context) {
    const [only] = content;
    if (content.length === 0) return [{ role: 'assistant', content: '' }];
    if (content.length === 1 && only.text !== undefined && context.random.chance(0.3))
      return [{ role: 'assistant', content: only.text }];
    const parts = content.flatMap((item) => answerParts(item, context));
    return [{ role: 'assistant', content: parts.length > 0 ? parts : '' }, ...grants(content)];
  },
  results({ results }, context) {
    const parts = results.map((result) => resultPart(result, context));
    return context.random.chance(0.2)
      ? parts.map((part) => ({ role: 'tool', content: [part] }))
      : [{ role: 'tool', content: parts }];
  },
};

/** The answers of the user to approval requests. */
function grants(content) {
  const responses = content.flatMap(({ call }) =>
    call?.approval === 'granted' || call?.approval === 'denied'
      ? [
          {
            type: 'tool-approval-response',
            approvalId: `approval-${call.id}`,
            approved: call.approval === 'granted',
          },
        ]
      : [],
  );
  return responses.length > 0 ? [{ role: 'tool', content: responses }] : [];
}

function userPart({ text, media, unknown }, { random, version }) {
  if (unknown) return { type: 'widget', a: 1 };
  if (!media) return { type: 'text', text };
  const file = fileOf(media);
  if (file.kind === 'image' && random.chance(0.5))
    return { type: 'image', image: file.form === 'url' ? file.url : file.data, mediaType: file.type };
  const { type: mediaType, filename } = file;
  if (version < 7 || random.chance(0.5)) return { type: 'file', data: urlOf(file), mediaType, filename };
  const data = {
    base64: { type: 'data', data: file.data },
    url: { type: 'url', url: file.url },
    id: { type: 'reference', reference: { openai: file.fileId } },
  }[file.form];
  return { type: 'file', data, mediaType };
}

function answerParts(item, context) {
  const { reasoning, call, refusal } = item;
  if (reasoning) return [reasoningPart(reasoning, context)];
  if (call?.hosted) return hostedParts(call, context);
  if (call) return callParts(call, context);
  if (item.media) return [{ type: 'file', data: fileOf(item.media).data, mediaType: 'image/png' }];
  if (item.unknown) return [unknownPart(context)];
  return [
    {
      type: 'text',
      text: refusal ?? item.text,
      ...optionsOf(context, { openai: { itemId: `msg_${context.words.hex(8)}` } }),
    },
  ];
}

function unknownPart({ version, random }) {
  if (version < 7) return { type: 'source', sourceType: 'url', id: 's', url: 'https://example.com' };
  return random.pick([
    {
      type: 'custom',
      kind: 'openai.compaction',
      providerOptions: { openai: { itemId: 'cmp_1', encryptedContent: 'gAAA' } },
    },
    { type: 'reasoning-file', data: fileOf({ kind: 'image' }).data, mediaType: 'image/png' },
  ]);
}

/** Provider options in the shape of the provider of the conversation, in some parts. */
function optionsOf({ random, provider }, options) {
  return options[provider] && random.chance(0.5)
    ? { providerOptions: { [provider]: options[provider] } }
    : {};
}

function reasoningPart({ kind, text, signature, id }, { provider }) {
  const options = {
    anthropic: kind === 'hidden' ? { redactedData: signature } : { signature },
    openai: { itemId: `rs_${id}`, reasoningEncryptedContent: signature },
    google: { thoughtSignature: signature },
  }[provider];
  return {
    type: 'reasoning',
    text: kind === 'hidden' ? '' : text,
    ...(kind !== 'plain' && { providerOptions: { [provider]: options } }),
  };
}

function callParts(call, context) {
  const part = defined({
    type: 'tool-call',
    toolCallId: call.id,
    toolName: call.name,
    input: inputOf(call),
    ...optionsOf(context, {
      google: { thoughtSignature: context.words.hex(12) },
      openai: { itemId: `fc_${context.words.hex(8)}` },
    }),
  });
  if (!call.approval || context.version === 5) return [part];
  return [part, { type: 'tool-approval-request', approvalId: `approval-${call.id}`, toolCallId: call.id }];
}

/** Invalid arguments stay a text. */
function inputOf(call) {
  try {
    return JSON.parse(call.arguments);
  } catch {
    return call.arguments;
  }
}

function hostedParts({ result }, { words, provider }) {
  const { output, ...call } = words.hostedTool(provider);
  const { toolCallId, toolName } = call;
  const part = { type: 'tool-call', ...call, providerExecuted: true };
  return result
    ? [part, { type: 'tool-result', toolCallId, toolName, output: { type: 'json', value: output } }]
    : [part];
}

function resultPart({ id, call, output, isError }, context) {
  return defined({
    type: 'tool-result',
    toolCallId: id,
    toolName: call.name,
    output: outputOf(output, { isError, call, ...context }),
  });
}

function outputOf(output, { isError, call, version, random }) {
  if (call.approval === 'denied' && version > 5)
    return { type: 'execution-denied', reason: random.chance(0.5) ? 'No.' : undefined };
  if (isError)
    return output.json === undefined
      ? { type: 'error-text', value: outputText(output) }
      : { type: 'error-json', value: output.json };
  if (output.content)
    return { type: 'content', value: output.content.map((item) => outputPart(item, { version, random })) };
  if (output.json !== undefined) return { type: 'json', value: output.json };
  return { type: 'text', value: output.text };
}

function outputPart({ text, media }, { version, random }) {
  if (!media) return { type: 'text', text };
  const file = fileOf(media);
  const { data, type: mediaType, url, filename } = file;
  if (version === 5) return { type: 'media', data, mediaType };
  if (version === 7 && random.chance(0.6))
    return {
      type: 'file',
      mediaType,
      data: file.form === 'url' ? { type: 'url', url } : { type: 'data', data },
    };
  if (file.kind === 'image')
    return file.form === 'url' ? { type: 'image-url', url } : { type: 'image-data', data, mediaType };
  return file.form === 'url' ? { type: 'file-url', url } : { type: 'file-data', data, mediaType, filename };
}
