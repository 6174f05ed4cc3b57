import { ApiProperty } from '@nestjs/swagger';
import type { Conversation } from '../conversation.js';

class PolicyDto {
  @ApiProperty({ example: 'last_n' })
  strategy!: string;

  @ApiProperty({ type: 'object', additionalProperties: true, example: { limit: 200 } })
  config!: Record<string, unknown>;
}

/** The record of a conversation. */
export class ConversationDto {
  @ApiProperty({ description: "The caller's id, unique in the namespace", example: 'demo' })
  id!: string;

  @ApiProperty({ type: 'integer', description: 'Most tokens a window may have', example: 1_000_000 })
  token_budget!: number;

  @ApiProperty({
    description: 'Share of the budget above which a window says `needs_compaction`',
    example: 0.7,
  })
  trigger_ratio!: number;

  @ApiProperty({ type: PolicyDto })
  policy!: PolicyDto;

  @ApiProperty({ type: 'object', additionalProperties: true })
  metadata!: Record<string, unknown>;

  @ApiProperty({ type: 'integer', description: '+1 per event and per compaction', example: 0 })
  version!: number;

  @ApiProperty({ type: 'integer', description: 'Seq of the last event; 0 while there is none', example: 0 })
  last_seq!: number;

  @ApiProperty({ description: 'Deleted: readable, never writable again' })
  tombstoned!: boolean;

  @ApiProperty({ type: 'string', format: 'date-time' })
  created_at!: string;

  @ApiProperty({ type: 'string', format: 'date-time', description: 'Last change of the record or the log' })
  updated_at!: string;
}

/** `ConversationDto` as JSON text, with config and metadata as they were sent. */
export function conversationJson(conversation: Conversation): string {
  const { id, tokenBudget, triggerRatio, policyStrategy, policyConfig, metadata, version, lastSeq } =
    conversation;
  return (
    `{"id":${JSON.stringify(id)},"token_budget":${tokenBudget},"trigger_ratio":${triggerRatio},` +
    `"policy":{"strategy":${JSON.stringify(policyStrategy)},"config":${policyConfig}},"metadata":${metadata},` +
    `"version":${version},"last_seq":${lastSeq},"tombstoned":${conversation.tombstonedAt !== null},` +
    `"created_at":"${conversation.createdAt.toISOString()}","updated_at":"${conversation.updatedAt.toISOString()}"}`
  );
}
