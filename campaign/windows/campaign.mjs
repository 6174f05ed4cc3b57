// Reads windows of random conversations in every format and lets the judges look at them.
import { Random } from '../random.mjs';
import { randomConversation } from './conversation.mjs';
import { Figures, kindOf } from './figures.mjs';
import { smallestFailure } from './smallest-failure.mjs';
import { shuffled } from './story.mjs';

/**
 * @param options `{ conversations, seed, dialects, formats, windows, concurrency }`: `conversations` for each of the dialects, and how
 *   many `windows` of each are read, of those that differ in policy and budget
 * @param source a `PureWindows` or a `ServiceWindows`
 * @param judge has `refusals({ format, prompt, conversation, turn })`, as `Judge`
 * @returns the figures
 */
export async function runCampaign(options, source, judge) {
  const { conversations, seed, dialects, concurrency = 1 } = options;
  const figures = new Figures();
  const random = new Random(seed);
  const jobs = Array.from({ length: conversations * dialects.length }, (_, index) => index);
  const work = async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      const name = `${dialects[job % dialects.length]} ${Math.floor(job / dialects.length)}`;
      await judgeConversation({ name, random: random.fork(name), turn: job }, options, {
        source,
        judge,
        figures,
      });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return figures;
}

async function judgeConversation({ name, random, turn }, { formats, windows }, { source, judge, figures }) {
  const conversation = randomConversation(random, name.split(' ')[0]);
  const choice = random.fork('windows');
  const readings = shuffled(await source.readings(conversation, choice), choice).slice(0, windows);
  for (const [index, reading] of readings.entries())
    for (const format of formats) {
      const violations = await violationsOf({ reading, format, conversation, turn: turn + index }, judge);
      const { dialect } = conversation;
      figures.count({ name, dialect, format, policy: reading.policy, reading, conversation, violations });
    }
}

/** @returns what the judges say of a window; an error of the service or a renderer is a violation, too */
async function violationsOf({ reading, format, conversation, turn, items = reading.items }, judge) {
  try {
    const rendered = await reading.render(format, items);
    const refusals = await judge.refusals({ format, prompt: rendered.prompt, conversation, turn });
    return [...refusals, ...reading.check(format, items, rendered)];
  } catch (error) {
    return [{ judge: format, rule: 'error', path: '', message: error.stack }];
  }
}

/**
 * The example of a kind of refusal with as few events or messages as possible.
 *
 * @returns `{ items, violation, rendered }`; undefined if the refusal does not repeat
 */
export async function minimise(kind, { reading, format, conversation }, judge) {
  const find = async (items) =>
    (await violationsOf({ reading, format, conversation, items }, judge)).find(
      (violation) => kindOf(violation) === kind,
    );
  if (!(await find(reading.items))) return undefined;
  const items = await smallestFailure(reading.items, find);
  const violation = await find(items);
  return { items, violation, rendered: await rendered(reading, format, items) };
}

async function rendered(reading, format, items) {
  try {
    return await reading.render(format, items);
  } catch (error) {
    return error.message;
  }
}
