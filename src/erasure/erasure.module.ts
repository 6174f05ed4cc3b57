import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { CalibrationModule } from '../calibration/calibration.module.js';
import { CompactionModule } from '../compaction/compaction.module.js';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { EventsModule } from '../events/events.module.js';
import { DeletionController } from './deletion.controller.js';
import { ErasedMemory } from './erased-memory.js';
import { ErasureSweeper } from './erasure-sweeper.js';
import { ErasureService } from './erasure.service.js';

@Module({
  imports: [AuditModule, ConversationsModule, CalibrationModule, EventsModule, CompactionModule],
  controllers: [DeletionController],
  providers: [ErasureService, ErasureSweeper, ErasedMemory],
  exports: [ErasureService],
})
export class ErasureModule {}
