import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { QueryValidationPipe } from '../common/http/validation/query-validation.pipe.js';
import { CompactionModule } from '../compaction/compaction.module.js';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { EventsModule } from '../events/events.module.js';
import { WindowModule } from '../window/window.module.js';
import { AsyncApiController } from './asyncapi.controller.js';
import { ChangeNotifier } from './change-notifier.js';
import { ChangeReader } from './feed/change-reader.js';
import { ConversationFeeds } from './feed/conversation-feeds.js';
import { StreamAdmission } from './stream-admission.js';
import { StreamConnections } from './stream-connections.js';
import { StreamController } from './stream.controller.js';
import { StreamGateway } from './stream.gateway.js';
import { WebSocketUpgradeHandler } from './websocket-upgrade.handler.js';

@Module({
  imports: [AuthModule, ConversationsModule, EventsModule, CompactionModule, WindowModule],
  controllers: [StreamController, AsyncApiController],
  providers: [
    StreamGateway,
    WebSocketUpgradeHandler,
    StreamAdmission,
    StreamConnections,
    ConversationFeeds,
    ChangeReader,
    ChangeNotifier,
    QueryValidationPipe,
  ],
})
export class StreamModule {}
