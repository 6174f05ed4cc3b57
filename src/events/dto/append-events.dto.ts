import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import type { Violation } from '../../common/errors/app-error.js';
import type { RawJson } from '../../common/http/body/raw-json.js';
import type { CrossFieldValidation } from '../../common/http/validation/cross-field-validation.js';
import { IsKey, OptionalIntegerIn } from '../../common/http/validation/rules.js';
import { Verbatim } from '../../common/http/validation/field-validator.js';
import { EventValidator, TurnValidator } from '../event-validator.js';
import { NEW_EVENT, NEW_TURN } from './event.schema.js';
import { SchemaTitle } from '../../common/openapi/schema-title.decorator.js';

/** Exactly one of `event` and `events` is given. */
@SchemaTitle('NewEvents')
export class AppendEventsDto implements CrossFieldValidation {
  // The type, which `oneOf` replaces, keeps @nestjs/swagger from documenting that of the field.
  @ApiPropertyOptional({ type: 'object', ...NEW_EVENT } as object)
  @Verbatim(EventValidator)
  event?: RawJson;

  @ApiPropertyOptional({
    ...NEW_TURN,
    items: NEW_EVENT,
    description: 'A turn, instead of `event`: either all of its events are appended or none',
  } as object)
  @Verbatim(TurnValidator)
  events?: RawJson;

  @ApiPropertyOptional({
    minLength: 1,
    maxLength: 255,
    description:
      'Makes a retry safe: a turn is stored once per key and conversation. May be sent as the header `Idempotency-Key` instead.',
  })
  @IsOptional()
  @IsKey()
  idempotency_key?: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Append only if the conversation is at this version',
  })
  @OptionalIntegerIn(0)
  if_version?: number;

  crossFieldViolations(): Violation[] {
    if (this.event && this.events) return [{ path: 'events', message: 'cannot be combined with event' }];
    if (!this.event && !this.events)
      return [{ path: 'event', message: 'is required unless events is given' }];
    return [];
  }
}
