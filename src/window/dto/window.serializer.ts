import type { Format, PromptOptions, Repair } from '@fastpaca/messages';
import type { ConversationCalibration } from '../../calibration/calibration.js';
import { warningDto } from '../../compaction/dto/compact.dto.js';
import { renderMessages } from '../prompt.js';
import type { ExplainedRun } from '../explanation.js';
import type { Segment, Window } from '../window.js';

/**
 * Writes a window as the body of the HTTP response: a `WindowDto` as JSON, each message spelled as it was sent.
 *
 * @param format writes `prompt` in the place of `messages`, with these `options`
 */
export function serializeWindow(window: Window, format?: Format, options: PromptOptions = {}): Buffer {
  const { messages, overflow, explanation } = window;
  const rendered = format && renderMessages(format, messages, options);
  const content = rendered
    ? `"format":"${format}","prompt":${rendered.json}`
    : `"messages":[${messages.map(({ json }) => json).join(',')}]`;
  const repairs: readonly Repair[] = rendered?.repairs ?? window.repairs;
  const { calibration } = explanation ?? {};
  const warnings = window.warnings?.length ? window.warnings.map(warningDto) : undefined;
  return Buffer.from(
    `{"version":${window.version},${content},"used_tokens":${window.usedTokens},` +
      `"needs_compaction":${window.needsCompaction},"segments":${JSON.stringify(window.segments.map(segmentDto))},` +
      `"budget_tokens":${window.budgetTokens}${optionalField('token_factor', window.tokenFactor)},` +
      `"repairs":${JSON.stringify(repairs)},"prefix":${prefixJson(window)}` +
      `${optionalField('overflow', overflow)}${optionalField('explain', explanation?.runs.map(explainedRunDto))}` +
      optionalField('calibration', calibration && calibrationDto(calibration)) +
      `${optionalField('warnings', warnings)}}`,
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
