// The hard cases of conversations. Most conversations have none; the others have one to four.

/** Relative frequencies. */
const TRAITS = {
  // Calls and results
  'unanswered calls': 6,
  'open calls at the end': 3,
  'orphan results': 3,
  'duplicate results': 3,
  'results out of order': 3,
  'interleaved calls': 3,
  'results after the next user message': 3,
  'messages between call and result': 3,
  'results before their call': 1,
  'results and text in one message': 3,
  'images in results': 3,
  'failed tools': 2,
  'hosted tools': 3,
  'unfinished hosted tools': 2,
  approvals: 2,
  // Ids, names, arguments, texts
  'reused ids': 4,
  'one id for all': 1,
  'calls without ids': 2,
  'results without ids': 2,
  'huge ids': 1,
  'odd ids': 2,
  'odd tool names': 2,
  'broken arguments': 3,
  'blank texts': 3,
  'lone surrogates': 3,
  // Order and content of messages
  'system messages in the middle': 3,
  'begins with the model': 2,
  'several messages of one role': 3,
  'only system messages': 0.5,
  media: 4,
  'odd media': 1,
  'unknown parts': 2,
  'empty messages': 2,
  reasoning: 4,
  // Damage after writing
  'lost events': 1,
  'repeated events': 1,
  'swapped events': 1,
};

export const TRAIT_NAMES = Object.keys(TRAITS);

/** Share of conversations without any trait. */
const ORDINARY = 0.4;
/** Traits that an ordinary conversation may have: healthy applications have them every day. */
const HARMLESS = ['media', 'reasoning', 'hosted tools', 'failed tools', 'images in results'];

/** @returns a set of names of TRAITS */
export function randomTraits(random) {
  const traits = new Set(HARMLESS.filter(() => random.chance(0.12)));
  if (random.chance(ORDINARY)) return traits;
  for (let count = random.integer(1, 4); count > 0; count -= 1) traits.add(random.weighted(TRAITS));
  return traits;
}

/** Whether healthy applications write such conversations. */
export function isOrdinary(traits) {
  return [...traits].every((trait) => HARMLESS.includes(trait));
}
