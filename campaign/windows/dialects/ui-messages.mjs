// UIMessages of the AI SDK, as `useChat` shows them and `ctx.stream` stores them: one message per turn of the model.
import { fileOf, urlOf } from './media.mjs';
import { defined, outputText } from './outputs.mjs';

export const uiMessages = {
  name: 'ui-messages',
  callPrefix: 'call_',
  flavors: { function: 1 },
  write(acts, context) {
    const resultsOfCall = new Map();
    for (const { results = [] } of acts) for (const result of results) resultsOfCall.set(result.call, result);
    const provider = context.random.pick(['openai', 'anthropic', 'google']);
    return turnsOf(acts).map((turn) => messageOf(turn, { ...context, resultsOfCall, provider }));
  },
};

/** Runs of acts that become one message: an answer and those after it, until somebody else speaks. */
function turnsOf(acts) {
  const turns = [];
  for (const act of acts) {
    if (act.act === 'results') continue; // they are in the message of their call
    const last = turns.at(-1);
    if (act.act === 'answer' && last?.[0].act === 'answer') last.push(act);
    else turns.push([act]);
  }
  return turns;
}

function messageOf(turn, context) {
  const { words, random } = context;
  const [first] = turn;
  const id = words.hex(8);
  if (first.act === 'system') return { id, role: 'system', parts: [{ type: 'text', text: first.text }] };
  const isUser = first.act === 'user';
  const parts = isUser
    ? first.content.map((item) => userPart(item, context))
    : turn.flatMap(({ content }) => [
        ...stepStart(random),
        ...content.flatMap((item) => answerParts(item, context)),
      ]);
  return {
    id,
    role: isUser ? 'user' : 'assistant',
    parts: parts.length > 0 ? parts : [{ type: 'text', text: '' }],
    ...(random.chance(0.2) && { metadata: { createdAt: 1 } }),
  };
}

const stepStart = (random) => (random.chance(0.9) ? [{ type: 'step-start' }] : []);

function userPart({ text, media, unknown }) {
  if (unknown) return { type: 'data-widget', id: 'w', data: { a: 1 } };
  if (!media) return { type: 'text', text };
  const file = fileOf(media);
  return { type: 'file', mediaType: file.type, url: urlOf(file), filename: file.filename };
}

function answerParts(item, context) {
  const { reasoning, call } = item;
  if (reasoning) return [reasoningPart(reasoning)];
  if (call) return [toolPart(call, context)];
  if (item.media || item.unknown) return [userPart(item)];
  const text = { type: 'text', text: item.refusal ?? item.text, state: 'done' };
  return context.random.chance(0.05)
    ? [text, { type: 'source-url', sourceId: 's', url: 'https://example.com', title: 'T' }]
    : [text];
}

function reasoningPart({ kind, text, signature }) {
  return {
    type: 'reasoning',
    text: kind === 'hidden' ? '' : text,
    state: 'done',
    ...(kind !== 'plain' && { providerMetadata: { anthropic: { signature } } }),
  };
}

function toolPart(call, context) {
  const { resultsOfCall, random, words, provider } = context;
  if (call.hosted) return hostedPart(call, words.hostedTool(provider));
  return defined({
    ...toolType(call.name, random),
    toolCallId: call.id ?? `call_${words.hex(8)}`,
    ...stateOf(call, resultsOfCall.get(call), random),
  });
}

function toolType(toolName, random) {
  return random.chance(0.8) ? { type: `tool-${toolName}` } : { type: 'dynamic-tool', toolName };
}

function hostedPart({ result }, { toolName, output, ...call }) {
  const state = result ? { state: 'output-available', output } : { state: 'input-available' };
  return { type: `tool-${toolName}`, ...call, ...state, providerExecuted: true };
}

function stateOf(call, result, random) {
  const { input } = call;
  const approval = call.approval && { id: `approval-${call.id}` };
  if (call.approval === 'asked') return { state: 'approval-requested', input, approval };
  if (call.approval === 'denied')
    return {
      state: random.chance(0.5) ? 'output-denied' : 'approval-responded',
      input,
      approval: { ...approval, approved: false, reason: 'No.' },
    };
  const granted = approval && { approval: { ...approval, approved: true } };
  if (!result && granted) return { state: 'approval-responded', input, ...granted };
  if (!result)
    return random.chance(0.8)
      ? { state: 'input-available', input }
      : { state: 'input-streaming', input: undefined };
  if (result.isError)
    return {
      state: 'output-error',
      errorText: outputText(result.output),
      ...(random.chance(0.8) ? { input } : { rawInput: call.arguments }),
      ...granted,
    };
  const { json, content, text } = result.output;
  return { state: 'output-available', input, output: content ?? json ?? text ?? null, ...granted };
}
