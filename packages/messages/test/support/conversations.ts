import fc from 'fast-check';
import type { MessageEvent, WindowEvent } from '../../src/index.js';
import { SPELLINGS, type Answer, type Call, type Dialect } from './spellings.js';

/*
 * Random conversations in mixed dialects, and windows of them. Every text is unique, and the result of call K is `result K`, so
 * that a test can find out where each of them ended up.
 */

export interface Conversation {
  window: WindowEvent[];
  /** Whether the answers in OpenAI Responses begin with reasoning, as those of a reasoning model do. */
  reasons: boolean;
  /** Whether two calls may have the same id or no id: then a result may belong to several calls. */
  hasAmbiguousIds: boolean;
}

/** A call that is in no window. */
const ORPHAN: Call = { id: 'gone', name: 'f', number: 0, isBroken: false, hasImage: false, fate: 'answered' };

const IDS = ['call_0', 'call_1', 'functions.f:0', 'toolu_1', undefined];
const dialect = fc.constantFrom(...(Object.keys(SPELLINGS) as Dialect[]));

const call = fc.record({
  id: fc.nat({ max: IDS.length - 1 }),
  name: fc.constantFrom('f', 'get weather', '2fa'),
  isBroken: fc.boolean(),
  fate: fc.constantFrom<Call['fate']>('answered', 'answered', 'late', 'unanswered'),
  hasImage: fc.boolean(),
});
const answer = fc.record({
  kind: fc.constant('answer'),
  dialect,
  resultDialect: fc.option(dialect),
  hasText: fc.boolean(),
  hasReasoning: fc.boolean(),
  isHosted: fc.boolean(),
  isSplit: fc.boolean(),
  isReversed: fc.boolean(),
  calls: fc.array(call, { maxLength: 3 }),
});
const other = fc.record({
  kind: fc.constantFrom('user', 'user', 'user', 'system', 'orphan', 'empty'),
  dialect,
  hasImage: fc.boolean(),
  isIllFormed: fc.boolean(),
});
const step = fc.oneof(answer, other);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
type AnswerStep = Extract<Step, { calls: unknown }>;

export const conversation: fc.Arbitrary<Conversation> = fc
  .record({
    steps: fc.array(step, { maxLength: 7 }),
    reasons: fc.boolean(),
    hasAmbiguousIds: fc.boolean(),
    cut: fc.nat({ max: 4 }),
    gap: fc.option(fc.nat({ max: 12 })),
    hasSummary: fc.boolean(),
    isReduced: fc.boolean(),
    contentForm: fc.constantFrom(undefined, 'string', 'parts'),
  })
  .map(({ steps, reasons, hasAmbiguousIds, ...choices }) => {
    const events = new Speller(reasons, hasAmbiguousIds).spell(steps);
    return { window: windowOf(events, choices), reasons, hasAmbiguousIds };
  });

interface WindowChoices {
  cut: number;
  gap: number | null;
  hasSummary: boolean;
  isReduced: boolean;
  contentForm: 'string' | 'parts' | undefined;
}

function windowOf(
  events: readonly MessageEvent[],
  { cut, gap, hasSummary, isReduced, contentForm }: WindowChoices,
): WindowEvent[] {
  const live = events
    .map((event, index): WindowEvent => ({ seq: index + 1, event, ...(contentForm && { contentForm }) }))
    .filter(({ seq }) => seq > cut && seq !== cut + (gap ?? -1));
  const [first] = live;
  if (first && isReduced) live[0] = { ...first, isReduced };
  if (!hasSummary || cut === 0) return live;
  const event: MessageEvent = { role: 'system', parts: [{ type: 'text', text: 'What was before' }] };
  return [{ seq: 1, event, summary: { fromSeq: 1, toSeq: cut } }, ...live];
}

/** Spells the steps of a conversation as events. */
class Speller {
  private readonly events: MessageEvent[] = [];
  private late: MessageEvent[] = [];
  /** Numbers of one length: none is the beginning of another. */
  private count = 1000;

  constructor(
    private readonly reasons: boolean,
    private readonly hasAmbiguousIds: boolean,
  ) {}

  spell(steps: readonly Step[]): MessageEvent[] {
    for (const each of steps) {
      const late = this.late;
      this.late = [];
      if ('calls' in each) this.addAnswer(each);
      else this.addOther(each);
      this.events.push(...late);
    }
    return [...this.events, ...this.late];
  }

  private addOther({ kind, dialect, hasImage, isIllFormed }: Exclude<Step, AnswerStep>): void {
    const text = `text ${++this.count}${isIllFormed ? '\ud800' : ''}`;
    const spelling = SPELLINGS[dialect];
    if (kind === 'user') this.events.push(spelling.user(text, hasImage));
    else if (kind === 'system') this.events.push({ role: 'system', parts: [{ type: 'text', text }] });
    else if (kind === 'empty') this.events.push({ role: 'assistant', parts: [{ type: 'text', text: '' }] });
    else this.events.push(spelling.result(ORPHAN, 'orphan', hasImage));
  }

  private addAnswer(step: AnswerStep): void {
    const { dialect, resultDialect, isReversed } = step;
    const calls = step.calls.map(({ id, ...call }): Call => {
      const number = ++this.count;
      return { ...call, number, id: this.hasAmbiguousIds ? IDS[id] : `call_${number}` };
    });
    const spelling = SPELLINGS[dialect];
    this.events.push(...spelling.answer(this.answerOf(step, calls)));
    const results = calls.filter(({ fate }) => fate !== 'unanswered' && !spelling.hasResultsInAnswer);
    const spelled = results.map((each) => {
      const event = SPELLINGS[resultDialect ?? dialect].result(each, `result ${each.number}`, each.hasImage);
      return { event, isLate: each.fate === 'late' };
    });
    if (isReversed) spelled.reverse();
    this.events.push(...spelled.filter(({ isLate }) => !isLate).map(({ event }) => event));
    this.late.push(...spelled.filter(({ isLate }) => isLate).map(({ event }) => event));
  }

  private answerOf({ hasText, hasReasoning, isHosted, isSplit }: AnswerStep, calls: readonly Call[]): Answer {
    const number = ++this.count;
    return {
      number,
      calls,
      isHosted,
      isSplit,
      text: hasText ? `text ${number}` : undefined,
      hasReasoning,
      reasons: this.reasons,
    };
  }
}

/** The texts of the window that a model reads, without reasoning and results. */
export function textsOf(window: readonly WindowEvent[]): string[] {
  return JSON.stringify(window.map(({ event }) => event)).match(/text \d+/g) ?? [];
}

/** The texts of the results whose call is in the window too. */
export function answeredTextsOf(window: readonly WindowEvent[]): string[] {
  const json = JSON.stringify(window.map(({ event }) => event));
  const calls = new Set([...json.matchAll(/\bk\\?": ?(\d+)/g)].map(([, number]) => number));
  return [...json.matchAll(/result (\d+)/g)].flatMap(([text, number]) => (calls.has(number) ? [text] : []));
}
