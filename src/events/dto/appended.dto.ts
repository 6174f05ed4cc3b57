import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { AppendedEvent } from '../event-log.repository.js';
import type { AppendedTurn } from '../turn-appender.js';
import { SchemaTitle } from '../../common/openapi/schema-title.decorator.js';

const DEDUPED = 'The idempotency key was used before with this content: nothing was written';

/** What the server assigned to an event. */
@SchemaTitle('AppendedEvent')
export class AppendedEventDto {
  @ApiProperty({ type: 'integer', example: 1 })
  seq!: number;

  @ApiProperty({ type: 'integer', example: 1 })
  version!: number;

  @ApiProperty({
    type: 'integer',
    description:
      "What the event costs of a budget, in tokens of the conversation's model: 3 + tokens of the role + the sum over what goes to the " +
      'model. Media count by formula, ids and signatures nothing. Equal to `token_count` if that was given.',
    example: 10,
  })
  token_estimate!: number;
}

/** Response to `event`. */
@SchemaTitle('Appended')
export class AppendedDto extends AppendedEventDto {
  @ApiPropertyOptional({ description: DEDUPED })
  deduped?: true;
}

/** Response to `events`. */
@SchemaTitle('AppendedTurn')
export class AppendedTurnDto {
  @ApiProperty({ type: 'integer', description: 'Version after the last event' })
  version!: number;

  @ApiProperty({ type: [AppendedEventDto] })
  events!: AppendedEventDto[];

  @ApiPropertyOptional({ description: DEDUPED })
  deduped?: true;
}

export function appendedDto({ events, deduped }: AppendedTurn): AppendedDto {
  const dto: AppendedDto = appendedEventDto(last(events));
  if (deduped) dto.deduped = true;
  return dto;
}

export function appendedTurnDto({ events, deduped }: AppendedTurn): AppendedTurnDto {
  const dto: AppendedTurnDto = { version: last(events).version, events: events.map(appendedEventDto) };
  if (deduped) dto.deduped = true;
  return dto;
}

function appendedEventDto({ seq, version, tokenEstimate }: AppendedEvent): AppendedEventDto {
  return { seq, version, token_estimate: tokenEstimate };
}

function last(events: readonly AppendedEvent[]): AppendedEvent {
  const event = events.at(-1);
  if (!event) throw new Error('a turn has at least one event');
  return event;
}
