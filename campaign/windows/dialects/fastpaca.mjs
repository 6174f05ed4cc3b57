// Our own parts: `tool_call` and `tool_result`, in the spellings that the documents have shown.
import { fileOf, urlOf } from './media.mjs';
import { defined, outputText } from './outputs.mjs';

export const fastpaca = {
  name: 'fastpaca',
  callPrefix: 'call_',
  flavors: { function: 1 },
  write(acts, context) {
    const spelling = context.random.pick(['arguments', 'input', 'args']);
    return acts.flatMap((act) => WRITERS[act.act](act, { ...context, spelling }));
  },
};

const WRITERS = {
  system: ({ role, text }) => [{ role, parts: [{ type: 'text', text }] }],
  user({ content, results = [] }, { random }) {
    const parts = [...results.map((result) => resultPart(result, random)), ...content.map(part)];
    return [{ role: 'user', parts: parts.length > 0 ? parts : [{ type: 'text', text: '' }] }];
  },
  answer({ content }, context) {
    const parts = content.flatMap((item) => answerParts(item, context));
    return [{ role: 'assistant', parts: parts.length > 0 ? parts : [{ type: 'text', text: '' }] }];
  },
  results({ results }, { random }) {
    const parts = results.map((result) => resultPart(result, random));
    const role = random.weighted({ tool: 6, user: 2, assistant: 0.5 });
    return random.chance(0.3) ? parts.map((each) => ({ role, parts: [each] })) : [{ role, parts }];
  },
};

function part({ text, media, unknown }) {
  if (unknown) return { type: 'citation', source: 'a', text: 'quoted' };
  if (!media) return { type: 'text', text };
  const file = fileOf(media);
  return { type: file.kind === 'image' ? 'image' : 'file', url: urlOf(file), mediaType: file.type };
}

function answerParts(item, { spelling, random }) {
  const { reasoning, call, refusal } = item;
  if (reasoning) return [{ type: 'reasoning', text: reasoning.text }];
  if (call?.hosted) return [{ type: 'web_search', query: 'price' }];
  if (!call) return [part(refusal === undefined ? item : { text: refusal })];
  const input = spelling === 'arguments' && random.chance(0.8) ? call.arguments : call.input;
  return [defined({ type: 'tool_call', id: call.id, name: call.name, [spelling]: input })];
}

function resultPart({ id, call, output, isError }, random) {
  const idField = random.pick(['tool_call_id', 'id']);
  const outputField = random.pick(['output', 'content', 'result']);
  const value = output.content ? output.content.map(part) : (output.json ?? outputText(output));
  return defined({
    type: 'tool_result',
    [idField]: id,
    name: random.chance(0.5) ? call.name : undefined,
    [outputField]: value,
    is_error: isError || undefined,
  });
}
