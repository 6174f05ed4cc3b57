import { Injectable } from '@nestjs/common';
import { BoundedCache } from '../common/bounded-cache.js';
import type { ConversationId } from '../common/conversation-id.js';
import { AppConfig } from '../config/app-config.js';
import { CACHE_SHARES } from '../config/cache-shares.js';
import { eventPageJson } from './dto/event-page.dto.js';
import { EventsService, type PageRange } from './events.service.js';

/** Log pages as they are sent, of those read lately: what a range of the log says never changes. */
@Injectable()
export class EventPageCache {
  private readonly pages: BoundedCache<Buffer>;

  constructor(
    private readonly events: EventsService,
    { cacheBytes }: AppConfig,
  ) {
    this.pages = new BoundedCache(cacheBytes * CACHE_SHARES.pages);
  }

  /** The page cut from a range, as JSON text. */
  async read(id: ConversationId, range: PageRange): Promise<Buffer> {
    const key = `${range.tag}${id.key}`;
    const ready = this.pages.get(key);
    if (ready) return ready;
    const page = Buffer.from(eventPageJson(await this.events.page(id, range)));
    this.pages.set(key, page, page.length);
    return page;
  }
}
