import { ApiPropertyOptional } from '@nestjs/swagger';
import { OptionalOneOf } from '../../common/http/validation/rules.js';

const MODES = ['tombstone', 'erase'] as const;

export class DeleteConversationDto {
  @ApiPropertyOptional({
    enum: MODES,
    example: 'tombstone',
    description:
      '`tombstone`: the conversation can still be read. `erase`: all of its text is deleted for good. Default: `tombstone`',
  })
  @OptionalOneOf(MODES)
  mode?: (typeof MODES)[number];
}
