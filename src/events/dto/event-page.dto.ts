import { ApiProperty } from '@nestjs/swagger';
import type { Page } from '../events.service.js';
import { LOGGED_EVENT } from './event.schema.js';

export class EventPageDto {
  @ApiProperty({ type: 'array', items: LOGGED_EVENT, description: 'Ascending' } as object)
  events!: unknown[];

  @ApiProperty({ type: 'integer', description: 'Cursor of what follows; always a number' })
  next_cursor!: number;
}

/** `EventPageDto` as JSON text, each event as it was sent. */
export function eventPageJson({ events, nextCursor }: Page): string {
  const texts = events.map(
    ({ seq, version, body, tokenEstimate, insertedAt }) =>
      `{"seq":${seq},"version":${version},${body.slice(1, -1)},` +
      `"token_estimate":${tokenEstimate},"inserted_at":"${insertedAt.toISOString()}"}`,
  );
  return `{"events":[${texts.join(',')}],"next_cursor":${nextCursor}}`;
}
