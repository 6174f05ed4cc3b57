import type { Format, PromptOptions, Repair } from '@fastpaca/messages';
import type { ConversationCalibration } from '../../calibration/calibration.js';
import { warningDto } from '../../compaction/dto/compact.dto.js';
import type { CooperativeTask } from '../../common/cooperative-task.js';
import { chunks, ITEMS_PER_TURN } from '../../common/in-turns.js';
import { renderMessages } from '../prompt.js';
import type { WindowMessage } from '../window-message.js';
import type { ExplainedRun } from '../explanation.js';
import type { Segment, Window } from '../window.js';

/**
 * Writes a window as the body of the HTTP response: a `WindowDto` as JSON, each message spelled as it was sent. A step writes at most
 * `ITEMS_PER_TURN` messages.
 *
 * @param format writes `prompt` in the place of `messages`, with these `options`
 */
export function* serializeWindow(
  window: Window,
  format?: Format,
  options: PromptOptions = {},
): CooperativeTask<Buffer> {
  const { messages, version } = window;
  if (format) {
    const { json, repairs } = yield* renderMessages(format, messages, options);
    yield;
    return Buffer.from(
      `{"version":${version},"format":"${format}","prompt":${json}${otherFields(window, repairs)}`,
    );
  }
  const [start, end] = [`{"version":${version},"messages":[`, `]${otherFields(window, window.repairs)}`];
  if (messages.length <= ITEMS_PER_TURN) return Buffer.from(start + messageList(messages) + end);
  return yield* joined(start, messages, end);
}

/** One buffer, because a text of all messages would be in memory beside it. */
function* joined(start: string, messages: readonly WindowMessage[], end: string): CooperativeTask<Buffer> {
  const steps = chunks(messages);
  let length = Buffer.byteLength(start) + Buffer.byteLength(end) + messages.length - 1;
  for (const step of steps) {
    for (const { json } of step) length += Buffer.byteLength(json);
    yield;
  }
  const body = Buffer.allocUnsafeSlow(length);
  let offset = body.write(start);
  for (const [index, step] of steps.entries()) {
    offset += body.write((index > 0 ? ',' : '') + messageList(step), offset);
    yield;
  }
  body.write(end, offset);
  return body;
}

function messageList(messages: readonly WindowMessage[]): string {
  return messages.map(({ json }) => json).join(',');
}

/** The fields after the messages, and the end of the object. */
function otherFields(window: Window, repairs: readonly Repair[]): string {
  const { overflow, explanation } = window;
  const { calibration } = explanation ?? {};
  const warnings = window.warnings?.length ? window.warnings.map(warningDto) : undefined;
  return (
    `,"used_tokens":${window.usedTokens},` +
    `"needs_compaction":${window.needsCompaction},"segments":${JSON.stringify(window.segments.map(segmentDto))},` +
    `"budget_tokens":${window.budgetTokens}${optionalField('token_factor', window.tokenFactor)},` +
    `"repairs":${JSON.stringify(repairs)},"prefix":${prefixJson(window)}` +
    `${optionalField('overflow', overflow)}${optionalField('explain', explanation?.runs.map(explainedRunDto))}` +
    optionalField('calibration', calibration && calibrationDto(calibration)) +
    `${optionalField('warnings', warnings)}}`
  );
}

function segmentDto({ type, fromSeq, toSeq }: Segment) {
  return { type, from_seq: fromSeq, to_seq: toSeq };
}

/** A comma and a field with its value as JSON; nothing if it has none. */
function optionalField(name: string, value: object | number | undefined): string {
  return value !== undefined ? `,"${name}":${JSON.stringify(value)}` : '';
}

function calibrationDto({ factor, reports, overhead, lastReport }: ConversationCalibration) {
  return {
    factor,
    reports,
    overhead,
    last_report: lastReport && {
      model: lastReport.model,
      window_version: lastReport.windowVersion,
      input_tokens: lastReport.inputTokens,
      estimate: lastReport.estimate,
    },
  };
}

function explainedRunDto({ fromSeq, toSeq, tokens, included, reason }: ExplainedRun) {
  return { from_seq: fromSeq, to_seq: toSeq, tokens, included, reason };
}

function prefixJson({ prefix, explanation }: Window): string {
  const { hash, startSeq, compactionVersion, settings } = prefix;
  return JSON.stringify({
    hash,
    start_seq: startSeq,
    compaction_version: compactionVersion,
    settings,
    ...(explanation && { changed_by: explanation.prefixChangedBy }),
  });
}
