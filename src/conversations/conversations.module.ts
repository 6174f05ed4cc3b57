import { Module } from '@nestjs/common';
import { PoliciesModule } from '../policies/policies.module.js';
import { ConversationCaches } from './conversation-caches.js';
import { ConversationChanges } from './conversation-changes.js';
import { ConversationListController } from './conversation-list.controller.js';
import { ConversationLists } from './conversation-lists.js';
import { ConversationsController } from './conversations.controller.js';
import { ConversationsRepository } from './conversations.repository.js';
import { ConversationsService } from './conversations.service.js';
import { ConversationLoader } from './conversation-loader.js';
import { ListedActivity } from './listed-activity.js';
import { ErasureRecords } from './erasure-records.js';
import { KnownModels } from './known-models.js';
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
    ConversationCaches,
    KnownModels,
    ErasureRecords,
    PolicyValidator,
    MetadataValidator,
    MetadataPatchValidator,
    TokenBudgetValidator,
  ],
  exports: [ConversationsService, ConversationChanges, ConversationCaches, ErasureRecords],
})
export class ConversationsModule {}
