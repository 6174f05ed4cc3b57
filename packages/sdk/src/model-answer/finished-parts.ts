import type { Part } from '../types.js';

/**
 * The parts of an answer that broke off which are worth keeping: the steps that ended, and in the step that did not, the tool calls
 * with their results, because the tools may have been executed, and the finished parts around them.
 *
 * @param finishedSteps how many steps ended
 * @param keepsText the text of the unfinished step is kept, too
 */
export function finishedParts(parts: readonly Part[], finishedSteps: number, keepsText: boolean): Part[] {
  const steps = splitAtSteps(parts);
  // Before the first step there may be parts of the application.
  const finished = finishedSteps > 0 ? steps.slice(0, finishedSteps + 1) : [];
  const unfinished = steps.slice(finished.length).flat();
  const hasCalls = unfinished.some(isCall);
  const kept = unfinished.filter((part) => {
    if (isToolPart(part)) return isCall(part);
    if (part.type === 'text') return keepsText ? part.text !== '' : hasCalls && part.state === 'done';
    return part.type === 'step-start' || (hasCalls && part.state !== 'streaming');
  });
  const hasContent = kept.some(({ type }) => type !== 'step-start');
  return [...finished.flat(), ...(hasContent ? kept.map(withoutStreaming) : [])];
}

/** The parts before the first `step-start`, then those of each step. */
function splitAtSteps(parts: readonly Part[]): Part[][] {
  const steps: Part[][] = [[]];
  for (const part of parts) {
    if (part.type === 'step-start') steps.push([]);
    steps.at(-1)?.push(part);
  }
  return steps;
}

function isToolPart({ type, toolCallId }: Part): boolean {
  return (type === 'dynamic-tool' || type.startsWith('tool-')) && typeof toolCallId === 'string';
}

/** A part whose input is incomplete is no call yet. */
function isCall(part: Part): boolean {
  return isToolPart(part) && part.state !== 'input-streaming';
}

function withoutStreaming(part: Part): Part {
  return part.state === 'streaming' ? { ...part, state: 'done' } : part;
}
