import { tokensOfAll, type Item } from './item.js';
import { placed, type Content } from './place.js';
import { resultsOf, shrunk } from './placeholders.js';
import type { SelectedGroups } from './policies.js';
import { repair } from './repair.js';
import type { Timeline } from './timeline.js';

/** What a window leaves out although it must not. `seq` is of an event, `tokens` of all that did not fit. */
export interface Overflow {
  seq: number;
  tokens: number;
}

export interface Fit extends Content {
  overflow: Overflow | undefined;
}

interface Budget {
  /** The effective budget in tokens. */
  effective: number;
  trimRatio: number;
  placeholder: string | undefined;
}

/** spec.md §6.6 and §6.7. */
export function fit(timeline: Timeline, groups: SelectedGroups, budget: Budget): Fit {
  const fits = (content: Content) => {
    const { pins, summaries, run } = content;
    if (tokensOfAll([...pins, ...summaries, ...run]) > budget.effective) return false;
    return tokensOfAll(repair(placed(content, timeline)).messages) <= budget.effective;
  };
  const pins = timeline.pins.flat();
  if (!fits({ pins, summaries: [], run: [] }))
    return { summaries: [], run: [], ...fitPins(timeline.pins, fits) };

  // The oldest summary is dropped first.
  const summaries = longestTail(timeline.summaries, (tail) => fits({ pins, summaries: tail, run: [] }))!;
  const fitsAsRun = (run: Item[]) => fits({ pins, summaries, run });
  const { run, overflow } = fitRun(timeline, groups, budget, fitsAsRun);
  const content = { pins, summaries, run };
  return { ...content, overflow: overflow ?? summaryOverflow(timeline, content) };
}

/** Keeps the oldest pins that fit. */
function fitPins(
  groups: Item[][],
  fits: (content: Content) => boolean,
): { pins: Item[]; overflow: Overflow } {
  const isKept = (count: number) => fits({ pins: groups.slice(0, count).flat(), summaries: [], run: [] });
  let kept = 0;
  while (isKept(kept + 1)) kept += 1;
  const overflow = { seq: groups[kept]![0]!.seq, tokens: tokensOfAll(groups.flat()) };
  return { pins: groups.slice(0, kept).flat(), overflow };
}

function fitRun(
  timeline: Timeline,
  { all, selected }: SelectedGroups,
  budget: Budget,
  fits: (run: Item[]) => boolean,
): { run: Item[]; overflow: Overflow | undefined } {
  const isStep = stepsOf(timeline, all, budget);
  const tailThatFits = (groups: Item[][]) => {
    if (fits(groups.flat())) return groups;
    return (
      longestTail(groups, (tail) => tail.length > 0 && isStep(tail[0]!) && fits(tail.flat())) ??
      longestTail(groups, (tail) => tail.length > 0 && fits(tail.flat()))
    );
  };
  const fitting = tailThatFits(selected);
  if (fitting) return { run: fitting.flat(), overflow: undefined };

  const newest = selected.at(-1)!;
  for (const [index] of resultsOf(newest).entries()) {
    const run = shrunk(newest, index + 1, budget.placeholder);
    if (fits(run)) return { run, overflow: undefined };
  }
  const older = tailThatFits(selected.slice(0, -1)) ?? [];
  return {
    run: older.flat(),
    overflow: { seq: newest.at(-1)!.seq, tokens: tokensOfAll(newest) },
  };
}

/**
 * spec.md §6.6: a group is a step if it is the first at or after a multiple of (1 − trim_ratio) × effective in the running token
 * total of the log. Exact for ratios of at most three decimals.
 *
 * @param all the unpinned live events as the policy left them, also those it excluded
 */
function stepsOf(
  { tokensBefore }: Timeline,
  all: Item[][],
  { effective, trimRatio }: Budget,
): (group: Item[]) => boolean {
  const thousandthsOfStep = (1000 - Math.round(trimRatio * 1000)) * effective;
  const multiplesUpTo = (group: Item[]) =>
    Math.floor((1000 * tokensBefore.get(group[0]!.seq)!) / thousandthsOfStep);
  const steps = all.filter((group, index) => {
    const previous = all[index - 1];
    return !previous || thousandthsOfStep === 0 || multiplesUpTo(previous) < multiplesUpTo(group);
  });
  const starts = new Set(steps.map(([first]) => first));
  return ([first]) => starts.has(first);
}

/** "An empty window always says why": here, because not even the newest summary fits. */
function summaryOverflow(timeline: Timeline, content: Content): Overflow | undefined {
  const newest = timeline.summaries.findLast(({ items }) => items.length > 0);
  const isEmpty =
    content.summaries.every(({ items }) => items.length === 0) &&
    repair(placed(content, timeline)).messages.length === 0;
  return isEmpty && newest ? { seq: newest.toSeq, tokens: newest.tokens } : undefined;
}

/** The longest of the list without its oldest 0, 1, 2, … elements that is acceptable; undefined if not even the empty one is. */
function longestTail<T>(list: readonly T[], isAcceptable: (tail: T[]) => boolean): T[] | undefined {
  const starts = [...Array(list.length + 1).keys()];
  const start = starts.find((each) => isAcceptable(list.slice(each)));
  return start === undefined ? undefined : list.slice(start);
}
