import { ApiProperty } from '@nestjs/swagger';
import { loggedEventJson } from '../event-json.js';
import type { EventPage } from '../log-pages.js';
import { LOGGED_EVENT } from './event.schema.js';
import { SchemaTitle } from '../../common/openapi/schema-title.decorator.js';

@SchemaTitle('EventPage')
export class EventPageDto {
  @ApiProperty({ type: 'array', items: LOGGED_EVENT, description: 'Ascending' } as object)
  events!: unknown[];

  @ApiProperty({ type: 'integer', description: 'Cursor of the next page; never null' })
  next_cursor!: number;
}

/** `EventPageDto` as JSON text. */
export function eventPageJson({ events, nextCursor }: EventPage): string {
  return `{"events":[${events.map(loggedEventJson).join(',')}],"next_cursor":${nextCursor}}`;
}
