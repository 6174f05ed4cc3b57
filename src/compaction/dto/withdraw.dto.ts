import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIntegerIn, OptionalIntegerIn } from '../../common/http/validation/rules.js';
import type { BodyExamples } from '../../common/http/validation/validated-params.decorators.js';
import { SchemaTitle } from '../../common/openapi/schema-title.decorator.js';

@SchemaTitle('NewWithdrawal')
export class WithdrawDto {
  @ApiProperty({
    type: 'integer',
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'First seq of the range, inclusive',
    example: 1,
  })
  @IsIntegerIn()
  from_seq!: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Last seq of the range, inclusive. Default: the end of the log',
    example: 1,
  })
  @OptionalIntegerIn()
  to_seq?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Withdraw only if the conversation is at this version',
  })
  @OptionalIntegerIn(0)
  if_version?: number;
}

export const WITHDRAWAL_EXAMPLES: BodyExamples = {
  range: { summary: 'The first event', value: { from_seq: 1, to_seq: 1 } },
  turn: { summary: 'Everything from an event on', value: { from_seq: 1 } },
};
