import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { SchemaTitle } from './schema-title.decorator.js';

@SchemaTitle('ErrorDetail')
class ErrorDetailDto {
  @ApiProperty({ description: 'Path of the value that violates a rule', example: 'event.parts[0].type' })
  path!: string;

  @ApiProperty({ example: 'must be a string' })
  message!: string;
}

/** The body of every error response. */
@SchemaTitle('Error')
export class ErrorDto {
  @ApiProperty({
    title: 'ErrorCode',
    enum: [
      'invalid_payload',
      'unauthorized',
      'forbidden',
      'not_found',
      'conflict',
      'gone',
      'upgrade_required',
      'payload_too_large',
      'unsupported_media_type',
      'rate_limited',
      'internal_error',
      'unavailable',
    ],
  })
  error!: string;

  @ApiProperty({
    description: 'For people; the text may change',
    example: 'Conversation version changed (expected 83, found 84)',
  })
  message!: string;

  @ApiPropertyOptional({
    title: 'ErrorReason',
    enum: ['version_mismatch', 'tombstoned', 'idempotency_conflict', 'range_overlap', 'range_gap'],
    description: 'More specific code; reasons may be added, but are never renamed',
  })
  reason?: string;

  @ApiPropertyOptional({ type: 'integer', description: 'The expected version (`version_mismatch`)' })
  expected?: number;

  @ApiPropertyOptional({ type: 'integer', description: 'The actual version (`version_mismatch`)' })
  actual?: number;

  @ApiPropertyOptional({
    type: [ErrorDetailDto],
    description:
      'Up to 100 violations; if there are more, the last entry has an empty path and says how many (`invalid_payload`)',
  })
  details?: ErrorDetailDto[];

  @ApiProperty({ description: 'Id of the request; also in the header `x-request-id` and in the log' })
  request_id!: string;
}
