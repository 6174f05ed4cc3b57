import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Conversation } from '../conversation.js';
import { SchemaTitle } from '../../common/openapi/schema-title.decorator.js';

@SchemaTitle('Policy')
class PolicyDto {
  @ApiProperty({ example: 'last_n' })
  strategy!: string;

  @ApiProperty({ type: 'object', additionalProperties: true, example: { limit: 200 } })
  config!: Record<string, unknown>;
}

/** The record of a conversation. */
@SchemaTitle('Conversation')
export class ConversationDto {
  @ApiProperty({ description: 'Chosen by the caller, unique in the namespace', example: 'demo' })
  id!: string;

  @ApiProperty({ type: 'integer', description: 'Maximum number of tokens in a window', example: 1_000_000 })
  token_budget!: number;

  @ApiProperty({
    description: 'A window has `needs_compaction` when its snapshot exceeds this ratio of the budget',
    example: 0.7,
  })
  trigger_ratio!: number;

  @ApiProperty({ type: PolicyDto })
  policy!: PolicyDto;

  @ApiProperty({ type: 'object', additionalProperties: true })
  metadata!: Record<string, unknown>;

  @ApiPropertyOptional({
    description: 'Selects how tokens are counted; absent until it is set',
    example: 'claude-opus-5',
  })
  model?: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    description: 'Tokens of the budget that windows leave free; absent if there are none',
  })
  reserve_tokens?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    description: 'The conversation is erased so many seconds after its last change; absent if it never is',
  })
  ttl_seconds?: number;

  @ApiProperty({ type: 'integer', description: '+1 per event and per compaction', example: 0 })
  version!: number;

  @ApiProperty({ type: 'integer', description: 'Seq of the last event; 0 if the log is empty', example: 0 })
  last_seq!: number;

  @ApiProperty({ description: 'Whether the conversation was deleted; it can be read, but not written' })
  tombstoned!: boolean;

  @ApiProperty({ type: 'string', format: 'date-time' })
  created_at!: string;

  @ApiProperty({
    type: 'string',
    format: 'date-time',
    description: 'Time of the last change of the record or the log',
  })
  updated_at!: string;
}

/** `ConversationDto` as JSON text; config and metadata keep the text that was sent. */
export function conversationJson(conversation: Conversation): string {
  const {
    id,
    tokenBudget,
    triggerRatio,
    policyStrategy,
    policyConfig,
    metadata,
    model,
    reserveTokens,
    ttlSeconds,
  } = conversation;
  const modelField = model === null ? '' : `"model":${JSON.stringify(model)},`;
  const reserveField = reserveTokens > 0 ? `"reserve_tokens":${reserveTokens},` : '';
  const ttlField = ttlSeconds === null ? '' : `"ttl_seconds":${ttlSeconds},`;
  return (
    `{"id":${JSON.stringify(id)},"token_budget":${tokenBudget},"trigger_ratio":${triggerRatio},` +
    `"policy":{"strategy":${JSON.stringify(policyStrategy)},"config":${policyConfig}},"metadata":${metadata},` +
    `${modelField}${reserveField}${ttlField}"version":${conversation.version},"last_seq":${conversation.lastSeq},"tombstoned":${conversation.tombstonedAt !== null},` +
    `"created_at":"${conversation.createdAt.toISOString()}","updated_at":"${conversation.updatedAt.toISOString()}"}`
  );
}
