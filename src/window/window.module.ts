import { Module } from '@nestjs/common';
import { CompactionModule } from '../compaction/compaction.module.js';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { EventsModule } from '../events/events.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { PoliciesModule } from '../policies/policies.module.js';
import { WindowBuilder } from './window.builder.js';
import { WindowController } from './window.controller.js';
import { WindowService } from './window.service.js';

@Module({
  imports: [ConversationsModule, EventsModule, CompactionModule, PoliciesModule, TokensModule],
  controllers: [WindowController],
  providers: [WindowBuilder, WindowService],
  exports: [WindowService],
})
export class WindowModule {}
