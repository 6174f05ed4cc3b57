import { Module } from '@nestjs/common';
import { CalibrationModule } from '../calibration/calibration.module.js';
import { CompactionModule } from '../compaction/compaction.module.js';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { EventsModule } from '../events/events.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { PoliciesModule } from '../policies/policies.module.js';
import { UsageEstimates } from './usage-estimates.js';
import { WindowBuilds } from './window-builds.js';
import { WindowExplanations } from './window-explanations.js';
import { WindowRecords } from './window-records.js';
import { WindowBuilder } from './window.builder.js';
import { WindowController } from './window.controller.js';
import { WindowService } from './window.service.js';

@Module({
  imports: [
    ConversationsModule,
    CalibrationModule,
    EventsModule,
    CompactionModule,
    PoliciesModule,
    TokensModule,
  ],
  controllers: [WindowController],
  providers: [WindowBuilder, WindowBuilds, WindowExplanations, WindowRecords, WindowService, UsageEstimates],
  exports: [WindowService],
})
export class WindowModule {}
