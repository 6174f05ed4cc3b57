import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { AppendQueue } from './append-queue.js';
import { EventTails } from './recent-events-cache.js';
import { EventEntity } from './entities/event.entity.js';
import { EventCheck, ReplacementCheck, TurnCheck } from './event-validator.js';
import { EventDrafter } from './event-normalizer.js';
import { EventLogRepository } from './event-log.repository.js';
import { EventsApi } from './events.api.js';
import { EventsController } from './events.controller.js';
import { LogWaits } from './long-poll.js';
import { ReadyPages } from './event-page-cache.js';
import { EventsService } from './events.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([EventEntity]), ConversationsModule, TokensModule],
  controllers: [EventsController],
  providers: [
    EventsService,
    EventsApi,
    EventLogRepository,
    AppendQueue,
    EventTails,
    LogWaits,
    ReadyPages,
    EventDrafter,
    EventCheck,
    TurnCheck,
    ReplacementCheck,
  ],
  exports: [EventsService, EventDrafter],
})
export class EventsModule {}
