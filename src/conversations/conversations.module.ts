import { Module } from '@nestjs/common';
import { PoliciesModule } from '../policies/policies.module.js';
import { ConversationChanges } from './conversation-changes.js';
import { ConversationListController } from './conversation-list.controller.js';
import { ConversationLists } from './conversation-lists.js';
import { ConversationsController } from './conversations.controller.js';
import { ConversationsRepository } from './conversations.repository.js';
import { ConversationsService } from './conversations.service.js';
import { ConversationLoader } from './conversation-loader.js';
import { ListedActivity } from './listed-activity.js';
import {
  MetadataValidator,
  MetadataPatchValidator,
  PolicyValidator,
  TokenBudgetValidator,
} from './settings-validators.js';

@Module({
  imports: [PoliciesModule],
  controllers: [ConversationListController, ConversationsController],
  providers: [
    ConversationsService,
    ConversationsRepository,
    ConversationLoader,
    ConversationLists,
    ListedActivity,
    ConversationChanges,
    PolicyValidator,
    MetadataValidator,
    MetadataPatchValidator,
    TokenBudgetValidator,
  ],
  exports: [ConversationsService, ConversationChanges],
})
export class ConversationsModule {}
