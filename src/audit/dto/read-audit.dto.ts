import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsUUID } from 'class-validator';
import { OptionalIntegerIn } from '../../common/http/validation/rules.js';

export class ReadAuditDto {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    example: 100,
    description: 'Maximum number of entries; values over 1000 count as 1000. Default: 100.',
  })
  @OptionalIntegerIn(1, Infinity)
  limit?: number;

  @ApiPropertyOptional({
    type: 'string',
    format: 'uuid',
    description: '`next_cursor` of the page before: read the entries that are older',
  })
  @IsOptional()
  @IsUUID('all', { message: 'cursor must be the next_cursor of a page' })
  cursor?: string;
}
