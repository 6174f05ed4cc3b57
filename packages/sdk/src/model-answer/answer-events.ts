import { newToolParts, type UiMessage } from '@fastpaca/messages';
import type { EventInput, Part } from '../types.js';
import type { AnswerMessage } from './answer-source.js';

/**
 * The events of an answer: the results of tools that the user had approved before, and the message of the model.
 *
 * @param base the message that the answer continues; the log has it already
 * @returns empty if there is nothing to append
 */
export function answerEvents(answer: AnswerMessage, base: UiMessage | undefined): EventInput[] {
  const results = base ? newToolParts(base, { ...answer, role: 'assistant' }).results : [];
  const parts = answer.parts.slice(base?.parts.length ?? 0);
  const events: EventInput[] = [];
  if (results.length > 0) events.push({ role: 'tool', parts: results });
  if (hasContent(parts)) events.push(assistantEvent(answer, parts));
  return events;
}

/** The same events with each step of the model in an event of its own. Readers join events with the same id. */
export function splitIntoSteps(events: readonly EventInput[]): EventInput[] {
  return events.flatMap((event): EventInput[] => {
    if (event.role !== 'assistant') return [event];
    const steps: Part[][] = [[]];
    for (const part of event.parts ?? []) {
      if (part.type === 'step-start' && hasContent(steps.at(-1) ?? [])) steps.push([]);
      steps.at(-1)?.push(part);
    }
    return steps.map((parts) => ({ ...event, parts }));
  });
}

function assistantEvent({ id, metadata }: AnswerMessage, parts: Part[]): EventInput {
  return {
    role: 'assistant',
    id,
    parts,
    ...(metadata !== undefined && { metadata: metadata as Record<string, unknown> }),
  };
}

function hasContent(parts: readonly Part[]): boolean {
  return parts.some(({ type, text }) => type !== 'step-start' && text !== '');
}
