import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import type { AppendEventsDto } from './dto/append-events.dto.js';
import type { AppendedDto, AppendedEventDto, AppendedTurnDto } from './dto/appended.dto.js';
import type { ReadEventsDto } from './dto/read-events.dto.js';
import { EventNormalizer } from './event-normalizer.js';
import type { AppendedEvent } from './event-log.repository.js';
import { LongPoll } from './long-poll.js';
import { EventPageCache } from './event-page-cache.js';
import { EventsService, type PageRange, type PageRequest } from './events.service.js';

/** Longest a reader waits for more, in milliseconds: below the timeout of most proxies. */
const MAX_WAIT_MS = 55_000;

/** What the HTTP API asks for, in the terms of the rules, and what an answer looks like. */
@Injectable()
export class EventsApi {
  constructor(
    private readonly events: EventsService,
    private readonly normalizer: EventNormalizer,
    private readonly waits: LongPoll,
    private readonly pages: EventPageCache,
  ) {}

  /** @param keyHeader the key as a header; beside one in the body it is the same */
  async append(
    id: ConversationId,
    body: AppendEventsDto,
    keyHeader?: string,
  ): Promise<AppendedDto | AppendedTurnDto> {
    const { event, events: turn, idempotency_key: keyInBody, if_version: ifVersion } = body;
    const newEvents = event
      ? [await this.normalizer.normalize(event)]
      : turn
        ? await this.normalizer.normalizeAll(turn)
        : [];
    const { events, deduped } = await this.events.append(id, {
      events: newEvents,
      ifVersion,
      idempotencyKey: keyInBody ?? keyHeader,
    });
    const appended = events.map(toDto);
    const [first, last] = [appended[0], appended.at(-1)];
    if (!first || !last) throw new Error('an append answers for every event');
    const answer: AppendedDto | AppendedTurnDto = event ? first : { version: last.version, events: appended };
    if (deduped) answer.deduped = true;
    return answer;
  }

  /** What the page is cut from, once there is something or the wait for it is over. */
  async pageRange(id: ConversationId, query: ReadEventsDto): Promise<PageRange> {
    const range = await this.events.pageRange(id, toPageRequest(query));
    if (range.fromSeq <= range.toSeq || !query.wait_ms || query.cursor === undefined) return range;
    await this.waits.waitForEvents(id, query.cursor, Math.min(query.wait_ms, MAX_WAIT_MS));
    return this.events.pageRange(id, toPageRequest(query));
  }

  /** The page as JSON text. */
  page(id: ConversationId, range: PageRange): Promise<Buffer> {
    return this.pages.read(id, range);
  }
}

function toPageRequest({ from_seq: fromSeq, to_seq: toSeq, cursor, limit }: ReadEventsDto): PageRequest {
  return cursor === undefined ? { fromSeq, toSeq, limit } : { cursor, limit };
}

function toDto({ seq, version, tokenEstimate }: AppendedEvent): AppendedEventDto {
  return { seq, version, token_estimate: tokenEstimate };
}
