import type { Format, Repair } from '@fastpaca/messages';
import { warningDto } from '../../compaction/dto/compact.dto.js';
import { renderMessages } from '../prompt.js';
import type { WindowPrefix } from '../prefix.js';
import type { Window } from '../window.js';

/**
 * Writes a window as the body of the HTTP response: a `WindowDto` as JSON, each message spelled as it was sent.
 *
 * @param format writes `prompt` in the place of `messages`
 */
export function serializeWindow(window: Window, format?: Format): Buffer {
  const {
    version,
    messages,
    segments,
    usedTokens,
    needsCompaction,
    budgetTokens,
    tokenFactor,
    prefix,
    overflow,
  } = window;
  const rendered = format && renderMessages(format, messages);
  const content = rendered
    ? `"format":"${format}","prompt":${rendered.json}`
    : `"messages":[${messages.map(({ json }) => json).join(',')}]`;
  const segmentsJson = segments
    .map(({ type, fromSeq, toSeq }) => `{"type":"${type}","from_seq":${fromSeq},"to_seq":${toSeq}}`)
    .join(',');
  const repairs: readonly Repair[] = rendered?.repairs ?? window.repairs;
  const warnings = window.warnings?.length ? window.warnings.map(warningDto) : undefined;
  return Buffer.from(
    `{"version":${version},${content},"used_tokens":${usedTokens},"needs_compaction":${needsCompaction},` +
      `"segments":[${segmentsJson}],"budget_tokens":${budgetTokens},` +
      `${tokenFactor === undefined ? '' : `"token_factor":${tokenFactor},`}"repairs":${JSON.stringify(repairs)},` +
      `"prefix":${prefixJson(prefix)}${optionalField('overflow', overflow)}${optionalField('warnings', warnings)}}`,
  );
}

/** A comma and a field with its value as JSON; nothing if it has none. */
function optionalField(name: string, value: object | undefined): string {
  return value ? `,"${name}":${JSON.stringify(value)}` : '';
}

function prefixJson({ hash, startSeq, compactionVersion, settings }: WindowPrefix): string {
  return JSON.stringify({
    hash,
    start_seq: startSeq,
    compaction_version: compactionVersion,
    settings,
  });
}
