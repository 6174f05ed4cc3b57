import type { Item } from '../items.js';
import type { Repair } from '../window-event.js';

/**
 * The repair that says that something was left out.
 *
 * @param reason a short English phrase, such as `another provider wrote it`
 */
export function leftOut(seq: number, item: Item, reason: string): Repair {
  const callId = item.kind === 'call' ? item.id : item.kind === 'result' ? item.callId : undefined;
  const { type } = item.source;
  const what = item.kind === 'opaque' && typeof type === 'string' ? `the part "${type}"` : NAMES[item.kind];
  return {
    code: 'left_out',
    seq,
    ...(callId !== undefined && { call_id: callId }),
    action: `left out ${what}: ${reason}`,
  };
}

const NAMES: Record<Item['kind'], string> = {
  text: 'a text',
  reasoning: 'reasoning',
  media: 'media',
  call: 'a tool call',
  result: 'a tool result',
  step: 'a step boundary',
  opaque: 'a part',
};
