import { modelContents } from '@fastpaca/messages';
import type { Format, Prompts } from '../prompts.js';
import type {
  ExplainedRun,
  ConversationCalibration,
  Part,
  Prefix,
  PromptWindow,
  Repair,
  Role,
  Segment,
  Window,
  WindowInfo,
  WindowMessage,
} from '../types.js';
import { warningsField } from './compactions.js';
import type { WireRepair, WireWindow } from './types.js';

export function fromWireWindow(wire: WireWindow): Window {
  const messages = (wire.messages ?? []).map(({ from_seq, to_seq, inserted_at, ...message }) => ({
    ...message,
    insertedAt: inserted_at,
    ...(from_seq !== undefined && { fromSeq: from_seq }),
    ...(to_seq !== undefined && { toSeq: to_seq }),
  }));
  return { messages: withContent(messages), ...fromWireInfo(wire) };
}

export function fromWirePromptWindow<F extends Format>(wire: WireWindow, format: F): PromptWindow<F> {
  return { format, prompt: wire.prompt as Prompts[F], ...fromWireInfo(wire) };
}

function fromWireInfo(wire: WireWindow): WindowInfo {
  return {
    usedTokens: wire.used_tokens,
    needsCompaction: wire.needs_compaction,
    version: wire.version,
    segments: wire.segments.map(({ type, from_seq: fromSeq, to_seq: toSeq }): Segment => ({
      type,
      fromSeq,
      toSeq,
    })),
    budgetTokens: wire.budget_tokens,
    ...(wire.token_factor !== undefined && { tokenFactor: wire.token_factor }),
    repairs: wire.repairs.map(fromWireRepair),
    prefix: fromWirePrefix(wire.prefix),
    ...(wire.overflow && { overflow: wire.overflow }),
    ...(wire.explain && {
      explain: wire.explain.map(({ from_seq: fromSeq, to_seq: toSeq, reason, ...run }) => ({
        fromSeq,
        toSeq,
        ...run,
        reason: reason as ExplainedRun['reason'],
      })),
    }),
    ...(wire.calibration && { calibration: fromWireCalibration(wire.calibration) }),
    ...warningsField(wire.warnings),
  };
}

function fromWireCalibration({
  last_report: report,
  ...calibration
}: NonNullable<WireWindow['calibration']>): ConversationCalibration {
  if (!report) return calibration;
  const { model, window_version: windowVersion, input_tokens: inputTokens, estimate } = report;
  return { ...calibration, lastReport: { model, windowVersion, inputTokens, estimate } };
}

function fromWirePrefix({ hash, settings, ...wire }: WireWindow['prefix']): Prefix {
  return {
    hash,
    startSeq: wire.start_seq,
    compactionVersion: wire.compaction_version,
    settings,
    ...(wire.changed_by !== undefined && { changedBy: wire.changed_by as Prefix['changedBy'] }),
  };
}

export function fromWireRepair({ call_id: callId, ...repair }: WireRepair): Repair {
  return { ...repair, ...(callId !== undefined && { callId }) };
}

interface MessageWithoutContent {
  seq: number;
  role: Role;
  parts: Part[];
  [field: string]: unknown;
}

/** Adds to each message of a window its content as an AI SDK `ModelMessage`, and turns `developer` into `system`. */
function withContent(messages: readonly MessageWithoutContent[]): WindowMessage[] {
  const contents = modelContents(messages.map((event) => ({ seq: event.seq, event })));
  return messages.map(({ seq, role, parts, ...others }, index) => ({
    seq,
    role: role === 'developer' ? 'system' : role,
    parts,
    content: contents[index],
    ...others,
  }));
}
