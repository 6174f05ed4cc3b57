// A random conversation as an application stores it, with the settings under which its windows are read.
import { DIALECTS } from './dialects/index.mjs';
import { randomSettings } from './settings.mjs';
import { randomStory } from './story.mjs';
import { isOrdinary, randomTraits } from './traits.mjs';
import { Words } from './words.mjs';

/**
 * @param random decides everything: the same state gives the same conversation
 * @param dialect a name of DIALECTS
 * @returns `{ dialect, traits, isOrdinary, events, settings }`, the events as the body of an append has them
 */
export function randomConversation(random, dialect) {
  const traits = randomTraits(random);
  const { write, flavors, callPrefix } = DIALECTS[dialect];
  const words = new Words(random, traits, callPrefix);
  const acts = randomStory(random, words, flavors);
  const events = damaged(write(acts, { random, words }), random, traits);
  const settings = randomSettings(random, events.length);
  return { dialect, traits: [...traits], isOrdinary: isOrdinary(traits), events, settings };
}

/** Events get lost, are stored twice, or in the wrong order. */
function damaged(events, random, traits) {
  const result = [...events];
  const index = () => random.integer(0, result.length - 1);
  if (traits.has('lost events') && result.length > 1) result.splice(index(), 1);
  if (traits.has('repeated events')) {
    const repeated = index();
    result.splice(repeated, 0, result[repeated]);
  }
  if (traits.has('swapped events') && result.length > 1) {
    const first = random.integer(0, result.length - 2);
    result.splice(first, 2, result[first + 1], result[first]);
  }
  return result;
}
