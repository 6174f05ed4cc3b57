import { Module } from '@nestjs/common';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { EventsModule } from '../events/events.module.js';
import { CompactionController } from './compaction.controller.js';
import { CompactionErasure } from './compaction-erasure.js';
import { CompactionHistory } from './compaction-history.js';
import { CompactionHistoryController } from './compaction-history.controller.js';
import { CompactionPlanner } from './compaction-planner.js';
import { CompactionRepository } from './compaction.repository.js';
import { CompactionService } from './compaction.service.js';
import { WithdrawalController } from './withdrawal.controller.js';

@Module({
  imports: [ConversationsModule, EventsModule],
  controllers: [CompactionController, WithdrawalController, CompactionHistoryController],
  providers: [
    CompactionService,
    CompactionPlanner,
    CompactionHistory,
    CompactionRepository,
    CompactionErasure,
  ],
  exports: [CompactionService, CompactionErasure],
})
export class CompactionModule {}
