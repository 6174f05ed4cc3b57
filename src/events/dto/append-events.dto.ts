import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import type { Violation } from '../../common/errors/app-error.js';
import type { RawJson } from '../../common/http/body/raw-json.js';
import type { CrossFieldValidation } from '../../common/http/validation/cross-field-validation.js';
import { IsKey, OptionalIntegerIn } from '../../common/http/validation/rules.js';
import { ValidatedBy, Verbatim } from '../../common/http/validation/field-validator.js';
import { USAGE } from '../../calibration/dto/usage.schema.js';
import { UsageValidator } from '../../calibration/usage-validator.js';
import { EventValidator, TurnValidator } from '../event-validator.js';
import { NEW_EVENT, NEW_TURN } from './event.schema.js';
import type { BodyExamples } from '../../common/http/validation/validated-params.decorators.js';
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

  @ApiPropertyOptional(USAGE as object)
  @ValidatedBy(UsageValidator)
  usage?: { model: string; window_version: number; input_tokens: number };

  crossFieldViolations(): Violation[] {
    if (this.event && this.events) return [{ path: 'events', message: 'cannot be combined with event' }];
    if (!this.event && !this.events)
      return [{ path: 'event', message: 'is required unless events is given' }];
    return [];
  }
}

export const APPEND_EXAMPLES: BodyExamples = {
  event: {
    summary: 'One event',
    value: {
      event: { role: 'user', parts: [{ type: 'text', text: 'How do I deploy this?' }] },
      idempotency_key: 'msg-001',
    },
  },
  content: {
    summary: 'One event whose content is text',
    value: { event: { role: 'user', content: 'How do I deploy this?' } },
  },
  turn: {
    summary: 'A turn',
    value: {
      events: [
        {
          role: 'assistant',
          parts: [
            { type: 'tool-call', toolCallId: 'call-1', toolName: 'search', input: { query: 'deploy' } },
          ],
        },
        {
          role: 'tool',
          parts: [
            {
              type: 'tool-result',
              toolCallId: 'call-1',
              toolName: 'search',
              output: { type: 'text', value: 'docker run' },
            },
          ],
        },
        { role: 'assistant', content: 'With docker run.', metadata: { model: 'gpt-5' } },
      ],
      idempotency_key: 'turn-001',
    },
  },
  usage: {
    summary: 'An answer, with what the provider counted for its window',
    value: {
      event: { role: 'assistant', content: 'With docker run.' },
      usage: { model: 'claude-opus-5', window_version: 1, input_tokens: 2412 },
    },
  },
  openai: {
    summary: 'Messages of OpenAI Chat',
    value: {
      events: [
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            {
              id: 'call_1',
              type: 'function',
              function: { name: 'search', arguments: '{"query":"deploy"}' },
            },
          ],
        },
        { role: 'tool', tool_call_id: 'call_1', content: 'docker run' },
      ],
    },
  },
};
