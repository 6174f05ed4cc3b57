import { FORMATS, REPAIR_CODES, type Format, type RepairCode } from '@fastpaca/messages';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { CompactionWarningDto } from '../../compaction/dto/compact.dto.js';
import { WINDOW_MESSAGE } from '../../events/dto/event.schema.js';
import { SchemaTitle } from '../../common/openapi/schema-title.decorator.js';
import { EXPLAIN_REASONS, type ExplainReason, type PrefixChange } from '../explanation.js';

@SchemaTitle('Segment')
class SegmentDto {
  @ApiProperty({ enum: ['summary', 'live'] })
  type!: 'summary' | 'live';

  @ApiProperty({ type: 'integer' })
  from_seq!: number;

  @ApiProperty({ type: 'integer' })
  to_seq!: number;
}

@SchemaTitle('Repair')
class RepairDto {
  @ApiProperty({
    enum: REPAIR_CODES,
    description: 'What was repaired. More codes may be added.',
  })
  code!: RepairCode;

  @ApiProperty({
    type: 'integer',
    description: 'Seq of the event that was changed, or after which something was added',
  })
  seq!: number;

  @ApiPropertyOptional({ description: 'Id of the tool call, if the repair is about one that has an id' })
  call_id?: string;

  @ApiProperty({ description: 'What was done, as a short English phrase', example: 'added a result' })
  action!: string;
}

@SchemaTitle('Overflow')
class OverflowDto {
  @ApiProperty({
    type: 'integer',
    description: 'Seq of the last event of the newest group; of pinned events, the first that is left out',
  })
  seq!: number;

  @ApiProperty({ type: 'integer', description: 'Tokens of the newest group, or of all pinned events' })
  tokens!: number;
}

@SchemaTitle('Prefix')
class PrefixDto {
  @ApiProperty({
    description: 'While it is the same, the messages of an earlier window are the first messages of this one',
  })
  hash!: string;

  @ApiProperty({
    type: 'integer',
    description: 'Seq of the first event that is not pinned; one past the log if the window has none',
  })
  start_seq!: number;

  @ApiProperty({ type: 'integer', description: 'Version of the newest active compaction; 0 without one' })
  compaction_version!: number;

  @ApiProperty({ description: 'Digest of the policy, the budget, the model and the format' })
  settings!: string;

  @ApiPropertyOptional({
    type: 'string',
    nullable: true,
    // No `enum`: generators either reject null in an enum, or reject a null that the enum does not list.
    description:
      'Only with `explain`: what has last changed the prefix, `budget`, `policy` or `compaction`; null if nothing has',
  })
  changed_by?: PrefixChange | null;
}

@SchemaTitle('ExplainedRun')
class ExplainedRunDto {
  @ApiProperty({ type: 'integer' })
  from_seq!: number;

  @ApiProperty({ type: 'integer' })
  to_seq!: number;

  @ApiProperty({
    type: 'integer',
    description: 'What the events cost in the window; of events that are not in it, their counts',
  })
  tokens!: number;

  @ApiProperty({ description: 'Whether the events are in the window' })
  included!: boolean;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description:
      `Why they are not in it, or \`pinned\`; null for the newest events. One of ${EXPLAIN_REASONS.join(', ')}; more may be ` +
      'added.',
  })
  reason!: ExplainReason | null;
}

@SchemaTitle('MeasuredUsage')
class MeasuredUsageDto {
  @ApiProperty({ description: "The provider's name of the model" })
  model!: string;

  @ApiProperty({ type: 'integer', description: 'The version of the window that was sent' })
  window_version!: number;

  @ApiProperty({ type: 'integer', description: 'What the provider counted' })
  input_tokens!: number;

  @ApiProperty({
    type: 'integer',
    description: 'What this service counts for that window, before the factor and without the overhead',
  })
  estimate!: number;
}

@SchemaTitle('ConversationCalibration')
class ConversationCalibrationDto {
  @ApiProperty({ description: 'The token factor of the model; 1 until it is learned' })
  factor!: number;

  @ApiProperty({ type: 'integer', description: 'Reports about the model that were counted' })
  reports!: number;

  @ApiPropertyOptional({
    description:
      'Tokens that the application sends with every window, such as system prompt and tools; absent without a report',
  })
  overhead?: number;

  @ApiPropertyOptional({ type: MeasuredUsageDto, description: 'The last report of this conversation' })
  last_report?: MeasuredUsageDto;
}

@SchemaTitle('Window')
export class WindowDto {
  @ApiProperty({ type: 'integer', example: 1 })
  version!: number;

  @ApiPropertyOptional({
    type: 'array',
    items: WINDOW_MESSAGE,
    description: 'Absent if the request has a `format`',
  } as object)
  messages?: unknown[];

  @ApiPropertyOptional({ enum: FORMATS, description: 'The format of the request' })
  format?: Format;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description:
      'Only with `format`: the window as the provider takes it, to be spread into the call. `openai-chat` {messages}, ' +
      '`openai-responses` {input}, `anthropic` {system?, messages}, `gemini` {systemInstruction?, contents}, `ai-sdk` ' +
      '{system?, messages}',
  })
  prompt?: object;

  @ApiProperty({ type: 'integer', description: 'Sum over the messages, in tokens', example: 10 })
  used_tokens!: number;

  @ApiProperty({
    description:
      'Whether the snapshot, before the budget cut, has more tokens than `trigger_ratio` × `budget_tokens`',
  })
  needs_compaction!: boolean;

  @ApiProperty({ type: [SegmentDto], description: 'The ranges of the window, ascending' })
  segments!: SegmentDto[];

  @ApiProperty({
    type: 'integer',
    description:
      "The effective budget: the least of the conversation's, the policy's and the call's, less `reserve_tokens`",
  })
  budget_tokens!: number;

  @ApiPropertyOptional({
    description:
      'Only if the conversation has a `model`: what stored token counts are multiplied by to give tokens of the model. It is ' +
      'learned from `usage`; 1 before that',
  })
  token_factor?: number;

  @ApiProperty({
    type: [RepairDto],
    description: 'What was changed so that a provider accepts the window. The log is unchanged.',
  })
  repairs!: RepairDto[];

  @ApiProperty({
    type: PrefixDto,
    description: 'The beginning of the window, for the prompt cache of a provider',
  })
  prefix!: PrefixDto;

  @ApiPropertyOptional({
    type: OverflowDto,
    description:
      'What does not fit the budget although the window is for it: the newest group, even with shortened tool results; the ' +
      'pinned events; or if all events are summarized, the newest summary. The window is then without it.',
  })
  overflow?: OverflowDto;

  @ApiPropertyOptional({
    type: [ExplainedRunDto],
    description: 'Only with `explain`: all events of the log, ascending',
  })
  explain?: ExplainedRunDto[];

  @ApiPropertyOptional({
    type: ConversationCalibrationDto,
    description: 'Only with `explain`: what usage reports say about the windows of this conversation',
  })
  calibration?: ConversationCalibrationDto;

  @ApiPropertyOptional({
    type: [CompactionWarningDto],
    description:
      'Only in a preview, if its compaction cuts through a group: see the response of a compaction',
  })
  warnings?: CompactionWarningDto[];
}
