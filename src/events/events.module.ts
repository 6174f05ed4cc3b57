import { Module } from '@nestjs/common';
import { CalibrationModule } from '../calibration/calibration.module.js';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { AppendQueue } from './append-queue.js';
import { PinnedEventsReader } from './pinned-events.js';
import { RecentEventsCache } from './recent-events-cache.js';
import { EventValidator, ReplacementValidator, TurnValidator } from './event-validator.js';
import { EventNormalizer } from './event-normalizer.js';
import { EventLogRepository } from './event-log.repository.js';
import { EventsController } from './events.controller.js';
import { LogErasure } from './log-erasure.js';
import { LogPages } from './log-pages.js';
import { LongPoll } from './long-poll.js';
import { EventPageCache } from './event-page-cache.js';
import { EventsService } from './events.service.js';
import { TurnAppender } from './turn-appender.js';
import { WithdrawnEvents } from './withdrawn-events.js';

@Module({
  imports: [CalibrationModule, ConversationsModule, TokensModule],
  controllers: [EventsController],
  providers: [
    EventsService,
    TurnAppender,
    EventLogRepository,
    AppendQueue,
    RecentEventsCache,
    PinnedEventsReader,
    WithdrawnEvents,
    LogPages,
    LogErasure,
    LongPoll,
    EventPageCache,
    EventNormalizer,
    EventValidator,
    TurnValidator,
    ReplacementValidator,
  ],
  exports: [EventsService, LogErasure],
})
export class EventsModule {}
