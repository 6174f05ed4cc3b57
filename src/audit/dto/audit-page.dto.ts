import { ApiProperty } from '@nestjs/swagger';
import { SchemaTitle } from '../../common/openapi/schema-title.decorator.js';
import { AUDIT_ACTIONS, type AuditAction, type AuditPage } from '../audit-entry.js';

/** Who did what to a key or a conversation, and when. */
@SchemaTitle('AuditEntry')
export class AuditEntryDto {
  @ApiProperty({ format: 'uuid', example: '019ac5a4-58f0-7c2e-9a39-6f0c1f4f0d11' })
  id!: string;

  @ApiProperty({ enum: AUDIT_ACTIONS, example: 'conversation.erased' })
  action!: AuditAction;

  @ApiProperty({ description: 'Id of the conversation or of the key', example: 'support-4711' })
  subject!: string;

  @ApiProperty({
    description:
      'Id of the key that the caller used; `root` for a key of the environment, `command` for the command line; otherwise the ' +
      'subject that the authenticator of the host application names, `unknown` if it names none',
    example: 'root',
  })
  actor!: string;

  @ApiProperty({ type: String, nullable: true, description: 'Null outside of a request' })
  request_id!: string | null;

  @ApiProperty({ type: 'string', format: 'date-time' })
  recorded_at!: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'number' },
    description: 'Numbers about the action, such as how many events were erased',
    example: { events: 42 },
  })
  details!: Readonly<Record<string, number>>;
}

@SchemaTitle('AuditPage')
export class AuditPageDto {
  @ApiProperty({ type: [AuditEntryDto], description: 'Newest first' })
  entries!: AuditEntryDto[];

  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'The `cursor` of the next page; null if no older entry exists',
  })
  next_cursor!: string | null;
}

export function auditPageDto({ entries, nextCursor }: AuditPage): AuditPageDto {
  return {
    entries: entries.map(({ id, action, subject, actor, requestId, recordedAt, details }) => ({
      id,
      action,
      subject,
      actor,
      request_id: requestId,
      recorded_at: recordedAt.toISOString(),
      details,
    })),
    next_cursor: nextCursor,
  };
}
