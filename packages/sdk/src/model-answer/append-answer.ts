import { PayloadTooLargeError } from '../errors.js';
import type { AppendResult, EventInput } from '../types.js';
import { splitIntoSteps } from './answer-events.js';
import type { StreamContext } from './stream-types.js';

/**
 * Appends the events of an answer, all or none. If they are larger than the limit of the service, each step is appended on its own, so
 * that as much as possible is stored.
 *
 * @param idempotencyKey default: a new key
 * @returns the position of the last event; null if the answer is empty
 */
export async function appendAnswer(
  context: StreamContext,
  events: readonly EventInput[],
  idempotencyKey: string = crypto.randomUUID(),
): Promise<AppendResult | null> {
  if (events.length === 0) return null;
  try {
    return await appendTurn(context, events, idempotencyKey);
  } catch (error) {
    const steps = splitIntoSteps(events);
    if (!(error instanceof PayloadTooLargeError) || steps.length === 1) throw error;
    let last: AppendResult | null = null;
    for (const [index, step] of steps.entries())
      last = await appendTurn(context, [step], `${idempotencyKey}/${index + 1}`);
    return last;
  }
}

async function appendTurn(
  context: StreamContext,
  events: readonly EventInput[],
  idempotencyKey: string,
): Promise<AppendResult | null> {
  const { events: appended, deduped } = await context.append(events, { idempotencyKey });
  const last = appended.at(-1);
  return last ? { ...last, ...(deduped && { deduped }) } : null;
}
