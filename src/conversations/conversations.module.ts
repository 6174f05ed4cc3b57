import { Module } from '@nestjs/common';
import { PoliciesModule } from '../policies/policies.module.js';
import { ConversationChanges } from './conversation-changes.js';
import { ConversationsController } from './conversations.controller.js';
import { ConversationsRepository } from './conversations.repository.js';
import { ConversationsService } from './conversations.service.js';
import { ConversationLoader } from './conversation-loader.js';
import {
  MetadataValidator,
  MetadataPatchValidator,
  PolicyValidator,
  TokenBudgetValidator,
} from './settings-validators.js';

@Module({
  imports: [PoliciesModule],
  controllers: [ConversationsController],
  providers: [
    ConversationsService,
    ConversationsRepository,
    ConversationLoader,
    ConversationChanges,
    PolicyValidator,
    MetadataValidator,
    MetadataPatchValidator,
    TokenBudgetValidator,
  ],
  exports: [ConversationsService, ConversationChanges],
})
export class ConversationsModule {}
