// Messages of OpenAI's Chat Completions, appended as they are.
import { fileOf, urlOf } from './media.mjs';
import { defined, hasMedia, outputText } from './outputs.mjs';

export const openAiChat = {
  name: 'openai-chat',
  callPrefix: 'call_',
  flavors: { function: 20, custom: 2, legacy: 0.3 },
  write: (acts, context) => acts.flatMap((act) => WRITERS[act.act](act, context)),
};

const WRITERS = {
  system: ({ role, text }, { random }) => [
    { role, content: random.chance(0.8) ? text : [{ type: 'text', text }] },
  ],
  user(act, context) {
    const results = act.results ? WRITERS.results({ results: act.results }, context) : [];
    return [...results, userMessage(act.content, context)];
  },
  answer: (act, context) => [assistantMessage(act.content, context)],
  results: ({ results }, { random }) => results.map((result) => toolMessage(result, random)),
};

function userMessage(content, { random }) {
  const name = random.chance(0.05) ? { name: random.pick(['alice', 'Bob Ross', 'élan']) } : {};
  const [only] = content;
  if (content.length === 0)
    return { role: 'user', content: random.pick(['', [{ type: 'text', text: '' }]]), ...name };
  if (content.length === 1 && only.text !== undefined && random.chance(0.8))
    return { role: 'user', content: only.text, ...name };
  return { role: 'user', content: content.map(userPart), ...name };
}

function userPart({ text, media, unknown }) {
  if (unknown) return { type: 'custom_widget', payload: { a: 1 } };
  if (media) return mediaPart(fileOf(media));
  return { type: 'text', text };
}

function mediaPart(file) {
  if (file.kind === 'image') return { type: 'image_url', image_url: { url: urlOf(file), detail: 'low' } };
  if (file.kind === 'audio')
    return {
      type: 'input_audio',
      input_audio: { data: file.data, format: file.type === 'audio/wav' ? 'wav' : 'ogg' },
    };
  if (file.form === 'id') return { type: 'file', file: { file_id: file.fileId } };
  return { type: 'file', file: { file_data: file.dataUrl, filename: file.filename } };
}

function assistantMessage(content, { random }) {
  const texts = content.filter(({ text, refusal }) => text !== undefined || refusal !== undefined);
  const calls = content.flatMap(({ call }) => (call && !call.hosted ? [call] : []));
  const thought = content.find(({ reasoning }) => reasoning)?.reasoning;
  const unknown = content.some((item) => item.unknown);
  const [legacy] = calls.filter(({ flavor }) => flavor === 'legacy');
  const toolCalls = calls.filter((call) => call !== legacy).map(toolCall);
  return defined({
    role: 'assistant',
    content: assistantContent(texts, { random, hasCalls: toolCalls.length > 0 }),
    refusal: texts.length > 0 && random.chance(0.3) ? null : undefined,
    annotations: random.chance(0.2) ? [] : undefined,
    audio: unknown
      ? { id: 'audio_1', data: 'UklGRg==', expires_at: 1, transcript: 'spoken words' }
      : undefined,
    reasoning_content: thought && random.chance(0.7) ? thought.text : undefined,
    tool_calls: toolCalls.length > 0 ? toolCalls : undefined,
    function_call: legacy && { name: legacy.name, arguments: legacy.arguments },
  });
}

function assistantContent(texts, { random, hasCalls }) {
  if (texts.length === 0) return hasCalls ? random.pick([null, undefined, '']) : '';
  const [only] = texts;
  if (texts.length === 1 && only.text !== undefined && random.chance(0.85)) return only.text;
  return texts.map(({ text, refusal }) =>
    refusal === undefined ? { type: 'text', text } : { type: 'refusal', refusal },
  );
}

function toolCall(call) {
  const { id, name, flavor } = call;
  return flavor === 'custom'
    ? defined({ id, type: 'custom', custom: { name, input: call.arguments } })
    : defined({ id, type: 'function', function: { name, arguments: call.arguments } });
}

function toolMessage({ id, call, output }, random) {
  const text = outputText(output);
  const parts = hasMedia(output) ? output.content.map(userPart) : [{ type: 'text', text }];
  const content = hasMedia(output) || random.chance(0.1) ? parts : text;
  return defined({
    role: 'tool',
    tool_call_id: id,
    name: random.chance(0.1) ? call.name : undefined,
    content,
  });
}
