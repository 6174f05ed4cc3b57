import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PoliciesModule } from '../policies/policies.module.js';
import { ConversationChanges } from './conversation-changes.js';
import { ConversationsController } from './conversations.controller.js';
import { ConversationsRepository } from './conversations.repository.js';
import { ConversationsService } from './conversations.service.js';
import { ConversationEntity } from './entities/conversation.entity.js';
import { RecordReader } from './conversation-loader.js';
import { MetadataCheck, MetadataPatchCheck, PolicyCheck, TokenBudgetCheck } from './settings-validators.js';

@Module({
  imports: [TypeOrmModule.forFeature([ConversationEntity]), PoliciesModule],
  controllers: [ConversationsController],
  providers: [
    ConversationsService,
    ConversationsRepository,
    RecordReader,
    ConversationChanges,
    PolicyCheck,
    MetadataCheck,
    MetadataPatchCheck,
    TokenBudgetCheck,
  ],
  exports: [ConversationsService, ConversationChanges],
})
export class ConversationsModule {}
