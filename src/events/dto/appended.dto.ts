import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** What the log gave an event. */
export class AppendedEventDto {
  @ApiProperty({ type: 'integer', example: 1 })
  seq!: number;

  @ApiProperty({ type: 'integer', example: 1 })
  version!: number;

  @ApiProperty({ type: 'integer', description: 'What it costs of a budget, in tokens', example: 10 })
  token_estimate!: number;
}

/** Answer to `event`. */
export class AppendedDto extends AppendedEventDto {
  @ApiPropertyOptional({ description: 'The key was used before, with this content: nothing was written' })
  deduped?: true;
}

/** Answer to `events`. */
export class AppendedTurnDto {
  @ApiProperty({ type: 'integer', description: 'Version after the last event' })
  version!: number;

  @ApiProperty({ type: [AppendedEventDto] })
  events!: AppendedEventDto[];

  @ApiPropertyOptional({ description: 'The key was used before, with this content: nothing was written' })
  deduped?: true;
}
