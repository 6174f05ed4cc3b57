import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsOptional, ValidateBy } from 'class-validator';
import type { Violation } from '../../common/errors/app-error.js';
import { shortName } from '../../common/errors/violations.js';
import type { CrossFieldValidation } from '../../common/http/validation/cross-field-validation.js';
import { ParameterMap } from '../../common/http/validation/parameter-map.js';
import { OptionalIntegerIn, OptionalOneOf } from '../../common/http/validation/rules.js';
import { LIST_ORDERS, parseListCursor, type ListOrder } from '../list-cursor.js';

/** A conversation is found by at most so many keys of its metadata. */
const MAX_FILTERS = 100;

export class ListConversationsDto implements CrossFieldValidation {
  @ApiPropertyOptional({
    enum: [...LIST_ORDERS],
    example: 'activity',
    description:
      '`activity`: the newest hour of `updated_at` first; within an hour, the newest `created_at` first. Each page is sorted by ' +
      '`updated_at`. `created`: the newest `created_at` first. Default: `activity`',
  })
  @OptionalOneOf(LIST_ORDERS)
  order?: ListOrder;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    example: 100,
    description: 'Maximum number of conversations; values over 1000 count as 1000. Default: 100.',
  })
  @OptionalIntegerIn(1, Infinity)
  limit?: number;

  @ApiPropertyOptional({
    description: 'The `next_cursor` of the page before, with the same `order` and filters',
  })
  @IsOptional()
  @ValidateBy({
    name: 'isListCursor',
    validator: {
      validate: (value) => parseListCursor(value) !== undefined,
      defaultMessage: () => 'must be the next_cursor of an earlier page, unchanged',
    },
  })
  cursor?: string;

  @ApiPropertyOptional({
    example: false,
    description: '`true` lists the deleted conversations, `false` the others. Default: `false`',
  })
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  tombstoned?: boolean;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { 'metadata.user': 'u-1' },
    description:
      'Filters `metadata.KEY=VALUE`: the conversations whose metadata have this value under this key. A value is a string, a number as ' +
      'it was sent, `true` or `false`. With several filters, all must match; a page may then have fewer conversations than `limit`, and ' +
      'a `next_cursor`. The first 100 keys of the metadata are searched.',
  })
  @ParameterMap()
  metadata?: ReadonlyMap<string, string>;

  crossFieldViolations(): Violation[] {
    const { order = 'activity', cursor, metadata = new Map<string, string>() } = this;
    const violations = [...metadata].flatMap(([key, value]) => filterViolations(key, value));
    if (metadata.size > MAX_FILTERS)
      violations.push({ path: 'metadata', message: `must have at most ${MAX_FILTERS} filters` });
    const position = parseListCursor(cursor);
    if (position && position.order !== order)
      violations.push({ path: 'cursor', message: `is of a list with the order ${position.order}` });
    return violations;
  }
}

function filterViolations(key: string, value: string): Violation[] {
  const path = shortName(`metadata.${key}`);
  if (key === '') return [{ path, message: 'must name a key of the metadata, as in metadata.user=u-1' }];
  const isText = [key, value].every((text) => text.isWellFormed() && !text.includes('\0'));
  return isText ? [] : [{ path, message: 'must not contain U+0000 or unpaired surrogates' }];
}
