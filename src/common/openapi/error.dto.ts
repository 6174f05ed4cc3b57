import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

class ErrorDetailDto {
  @ApiProperty({ description: 'Where the fault is', example: 'event.parts[0].type' })
  path!: string;

  @ApiProperty({ example: 'must be a string' })
  message!: string;
}

/** The one shape of every error. */
export class ErrorDto {
  @ApiProperty({
    enum: [
      'invalid_payload',
      'unauthorized',
      'forbidden',
      'not_found',
      'conflict',
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
    description: 'For people; may change',
    example: 'Conversation version changed (expected 83, found 84)',
  })
  message!: string;

  @ApiPropertyOptional({
    enum: ['version_mismatch', 'tombstoned', 'idempotency_conflict', 'range_overlap', 'range_gap'],
    description: 'What exactly; reasons are added, never renamed',
  })
  reason?: string;

  @ApiPropertyOptional({ type: 'integer', description: 'The version that was expected (`version_mismatch`)' })
  expected?: number;

  @ApiPropertyOptional({ type: 'integer', description: 'The version that was found (`version_mismatch`)' })
  actual?: number;

  @ApiPropertyOptional({
    type: [ErrorDetailDto],
    description:
      'The violations, at most 100; if there are more, a last entry without a path says so (`invalid_payload`)',
  })
  details?: ErrorDetailDto[];

  @ApiProperty({ description: 'Also in the header `x-request-id`, and in the log' })
  request_id!: string;
}
