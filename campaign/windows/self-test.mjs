// `--self-test`: plants faults in prompts that every provider accepts, and checks that the judges notice each of them and that
// the smallest example of a fault is found.
import { minimise } from './campaign.mjs';
import { kindOf } from './figures.mjs';
import { PureWindows } from './pure-windows.mjs';

const SETTINGS = { compactions: [] };
const CALLS = ['call_1', 'call_2'].map((id) => ({
  id,
  type: 'function',
  function: { name: 'f', arguments: '{}' },
}));
const EVENTS = [
  { role: 'user', content: 'Question' },
  { role: 'assistant', content: null, tool_calls: CALLS },
  { role: 'tool', tool_call_id: 'call_1', content: 'Result 1' },
  { role: 'tool', tool_call_id: 'call_2', content: 'Result 2' },
  { role: 'assistant', content: 'Answer' },
  { role: 'user', content: 'Next question' },
];

/** The list of messages of a prompt. */
const listOf = ({ messages, input, contents }) => messages ?? input ?? contents;

/** Faults: a change of the prompt, and the formats that allow it. */
const FAULTS = [
  {
    name: 'the results are lost',
    plant: (prompt) => listOf(prompt).splice(indexOfResult(prompt), resultCount(prompt)),
  },
  { name: 'the calls are lost', plant: (prompt) => listOf(prompt).splice(1, indexOfResult(prompt) - 1) },
  {
    name: 'a message of the user stands before the results',
    plant: (prompt) => listOf(prompt).splice(indexOfResult(prompt), 0, listOf(prompt).at(-1)),
    allowedBy: ['openai-responses'],
  },
  { name: 'a text has a lone surrogate', plant: (prompt) => replaceText(prompt, 'Next question', '\ud800') },
];

function indexOfResult(prompt) {
  return listOf(prompt).findIndex((message) => JSON.stringify(message).includes('Result 1'));
}

/** Messages or items that hold the two results. */
function resultCount(prompt) {
  return listOf(prompt).filter((message) => JSON.stringify(message).includes('"Result')).length;
}

function replaceText(prompt, text, replacement) {
  const list = listOf(prompt);
  const replaced = JSON.parse(
    JSON.stringify(list.at(-1)).replace(text, () => JSON.stringify(replacement).slice(1, -1)),
  );
  list.splice(-1, 1, replaced);
}

/**
 * @param formats the formats to test
 * @returns lines such as `gemini: the results are lost: noticed`
 */
export async function selfTest(formats, judge) {
  const conversation = { events: EVENTS, settings: SETTINGS };
  const [reading] = new PureWindows().readings(conversation, { integer: () => 0, chance: () => false });
  const lines = [];
  for (const format of formats) {
    const refusals = async (plant) => {
      const { prompt } = reading.render(format, reading.items);
      plant(prompt);
      return judge.refusals({ format, prompt, conversation });
    };
    const unplanted = await refusals(() => undefined);
    lines.push(`${format}: a prompt without a fault: ${unplanted.length === 0 ? 'accepted' : 'REFUSED'}`);
    for (const { name, plant } of FAULTS.filter(({ allowedBy = [] }) => !allowedBy.includes(format)))
      lines.push(`${format}: ${name}: ${(await refusals(plant)).length > 0 ? 'noticed' : 'NOT NOTICED'}`);
  }
  lines.push(await smallestExample(reading, conversation, judge));
  return lines;
}

/** A writer that loses the results of calls, on a long conversation. */
async function smallestExample(reading, conversation, judge) {
  const items = Array.from({ length: 5 }, () => reading.items).flat();
  const faulty = {
    ...reading,
    items,
    check: () => [],
    render: (format, part) => {
      const { prompt } = reading.render(format, part);
      return { prompt: { messages: prompt.messages.filter(({ role }) => role !== 'tool') } };
    },
  };
  const example = { reading: faulty, format: 'openai-chat', conversation };
  const { prompt } = faulty.render('openai-chat', items);
  const [violation] = await judge.refusals({ ...example, prompt });
  const smallest = await minimise(kindOf(violation), example, judge);
  return `the smallest example of ${items.length} messages has ${smallest.items.length}`;
}
