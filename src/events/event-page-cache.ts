import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { AppConfig } from '../config/app-config.js';
import { ConversationCaches, type ConversationCache } from '../conversations/conversation-caches.js';
import { eventPageJson } from './dto/event-page.dto.js';
import { LogPages } from './log-pages.js';
import type { PageRange } from './page-range.js';

/** The pages of the log that were read lately, as response bodies. The events of a range never change, only which are withdrawn. */
@Injectable()
export class EventPageCache {
  private readonly pages: ConversationCache<Buffer>;
  /** There is one history at a time, so only the last digest is kept. */
  private lastDigest = { history: '', digest: '' };

  constructor(
    private readonly log: LogPages,
    caches: ConversationCaches,
    { pageCacheBytes }: AppConfig,
  ) {
    this.pages = caches.create(pageCacheBytes);
  }

  /**
   * The entity tag of a page. Within a history events never change, so the range alone identifies a page without withdrawn events.
   */
  tag({ fromSeq, toSeq, createdAt, history, withdrawn }: PageRange): string {
    const marks = withdrawn ? `-${withdrawn.kept ? 'x' : 'w'}${withdrawn.version}` : '';
    return `"${fromSeq}-${toSeq}-${createdAt.getTime().toString(36)}-${this.digest(history)}${marks}"`;
  }

  /** `EventPageDto` as JSON text. @param tag the entity tag of the page */
  async read(id: ConversationId, range: PageRange, tag: string): Promise<Buffer> {
    const cached = this.pages.get(id, tag);
    if (cached) return cached;
    const page = Buffer.from(eventPageJson(await this.log.read(id, range)));
    this.pages.set(id, tag, page, page.length);
    return page;
  }

  /** A short name of a history, the same on every node. */
  private digest(history: string): string {
    if (this.lastDigest.history !== history) {
      const digest = createHash('sha256').update(history).digest('base64url').slice(0, 11);
      this.lastDigest = { history, digest };
    }
    return this.lastDigest.digest;
  }
}
