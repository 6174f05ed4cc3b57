import { Module } from '@nestjs/common';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { EventsModule } from '../events/events.module.js';
import { CompactionController } from './compaction.controller.js';
import { CompactionRepository } from './compaction.repository.js';
import { CompactionService } from './compaction.service.js';

@Module({
  imports: [ConversationsModule, EventsModule],
  controllers: [CompactionController],
  providers: [CompactionService, CompactionRepository],
  exports: [CompactionService],
})
export class CompactionModule {}
