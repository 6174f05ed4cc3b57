import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { EventsModule } from '../events/events.module.js';
import { CompactionController } from './compaction.controller.js';
import { CompactionRepository } from './compaction.repository.js';
import { CompactionService } from './compaction.service.js';
import { CompactionEntity } from './entities/compaction.entity.js';

@Module({
  imports: [TypeOrmModule.forFeature([CompactionEntity]), ConversationsModule, EventsModule],
  controllers: [CompactionController],
  providers: [CompactionService, CompactionRepository],
  exports: [CompactionService],
})
export class CompactionModule {}
