import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsOptional } from 'class-validator';
import { OptionalIntegerIn } from '../../common/http/validation/rules.js';

export class StreamQueryDto {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    example: 0,
    description:
      'The last version you have; 0 to receive everything. Without it, only what changes from now on.',
  })
  @OptionalIntegerIn(0)
  cursor?: number;

  @ApiPropertyOptional({ default: true, description: '`false`: no `event` frames' })
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  includeEvents?: boolean;

  @ApiPropertyOptional({ default: true, description: 'The same as `includeEvents`' })
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  include_events?: boolean;
}
