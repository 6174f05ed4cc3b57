import { PayloadTooLargeError } from '../errors.js';
import type { AppendOptions, AppendResult, EventInput, Usage } from '../types.js';
import { splitIntoSteps } from './answer-events.js';
import type { StreamContext } from './stream-types.js';

/**
 * Appends the events of an answer, all or none. If they are larger than the limit of the service, each step is appended on its own, so
 * that as much as possible is stored.
 *
 * @param usage of the window that was answered; it is sent once, with the first event
 * @param idempotencyKey default: a new key
 * @returns the position of the last event; null if the answer is empty
 */
export async function appendAnswer(
  context: StreamContext,
  events: readonly EventInput[],
  usage: Usage | undefined,
  idempotencyKey: string = crypto.randomUUID(),
): Promise<AppendResult | null> {
  if (events.length === 0) return null;
  try {
    return await appendTurn(context, events, { usage, idempotencyKey });
  } catch (error) {
    const steps = splitIntoSteps(events);
    if (!(error instanceof PayloadTooLargeError) || steps.length === 1) throw error;
    let last: AppendResult | null = null;
    for (const [index, step] of steps.entries()) {
      const options = {
        usage: index === 0 ? usage : undefined,
        idempotencyKey: `${idempotencyKey}/${index + 1}`,
      };
      last = await appendTurn(context, [step], options);
    }
    return last;
  }
}

async function appendTurn(
  context: StreamContext,
  events: readonly EventInput[],
  options: AppendOptions,
): Promise<AppendResult | null> {
  const { events: appended, deduped } = await context.append(events, options);
  const last = appended.at(-1);
  return last ? { ...last, ...(deduped && { deduped }) } : null;
}
