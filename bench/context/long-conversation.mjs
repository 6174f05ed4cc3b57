// A long conversation with an assistant of a parts warehouse, as messages of OpenAI Chat. It is the same in every run.
//
// A turn is a message of the user (11 to 82 tokens, 37 on average) and an answer (24 to 195, 90 on average). In every third turn
// the assistant calls a tool first: 19 tokens for the call, and a result of 54 to 270 tokens, 138 on average. Small sizes are more
// frequent than large ones. 5,000 turns are 6,667 calls of the model, 13,334 events and 896,000 tokens.
import { randomNumbers } from './random.mjs';

const WORDS =
  `the order customer part warehouse shelf delivery number please check which was sent last week with model of and a to is for in
  on that it you we can have been from this not are by will be our stock price invoice address return label carrier date friday
  monday before after item items box pallet weight size color steel brass pump valve filter gasket motor bearing spare shipped
  missing damaged replaced refund credit account email phone open closed again today tomorrow available quantity minimum offer`
    .split(/\s+/)
    .filter(Boolean);

const SYSTEM = `You are the assistant of a warehouse for spare parts. Answer in the language of the customer, in at most six sentences.
Look up an order before you say anything about it. Never promise a date of delivery that the order does not have. Prices are net,
in euros, and valid for fourteen days. A customer may return a part within thirty days if its box is closed; a pump or a motor only
with the form that the customer receives by email. Replace a damaged part at once, and ask for a photo of the box and of the label.
Orders over five thousand euros, complaints about invoices, and questions about contracts belong to a colleague: say that the
colleague answers within one working day, and open a ticket. Never give away data of other customers, or how the warehouse is
organised. If you do not know something, say so, and name the page of the catalogue that has it.`;

/**
 * @param turns how many messages of the user
 * @param options `tools: false` for a conversation of text only
 * @returns messages of OpenAI Chat; the first is the system prompt
 */
export function longConversation(turns, { tools = true } = {}) {
  const random = randomNumbers(13);
  /** A number between two bounds; small ones are more frequent. */
  const size = (min, max) => Math.round(min + (max - min) * random() ** 1.6);
  const text = (words) =>
    sentences(Array.from({ length: words }, () => WORDS[Math.floor(random() * WORDS.length)]));
  const messages = [{ role: 'system', content: SYSTEM }];
  for (let turn = 1; turn <= turns; turn += 1) {
    messages.push({ role: 'user', content: text(size(6, 70)) });
    if (tools && turn % 3 === 0) messages.push(...lookup(turn, size(2, 14), random));
    messages.push({ role: 'assistant', content: text(size(18, 175)) });
  }
  return messages;
}

function sentences(words) {
  const ends = words.map((word, index) => (index % 11 === 10 ? `${word}.` : word));
  return `${ends.join(' ')}.`;
}

/** A tool call and its result with `rows` lines of an order. */
function lookup(turn, rows, random) {
  const id = `call_${String(turn).padStart(6, '0')}`;
  const order = 100_000 + turn;
  const lines = Array.from({ length: rows }, (_, line) => ({
    part: `P-${1000 + Math.floor(random() * 9000)}`,
    quantity: 1 + Math.floor(random() * 20),
    shelf: `${line + 1}-${Math.floor(random() * 90)}`,
  }));
  const call = { name: 'get_order', arguments: JSON.stringify({ order, with: ['lines', 'delivery'] }) };
  return [
    { role: 'assistant', content: null, tool_calls: [{ id, type: 'function', function: call }] },
    { role: 'tool', tool_call_id: id, content: JSON.stringify({ order, state: 'packed', lines }) },
  ];
}
