import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { AuditEntryEntity } from './src/audit/entities/audit-entry.entity.js';
import { CalibrationEntity } from './src/calibration/entities/calibration.entity.js';
import { ConversationUsageEntity } from './src/calibration/entities/conversation-usage.entity.js';
import { CompactionEntity } from './src/compaction/entities/compaction.entity.js';
import { AppConfig } from './src/config/app-config.js';
import { ConversationListEntity } from './src/conversations/entities/conversation-list.entity.js';
import { ConversationEntity } from './src/conversations/entities/conversation.entity.js';
import { databaseOptions } from './src/database/database.options.js';
import { EventEntity } from './src/events/entities/event.entity.js';

/**
 * The data source of TypeORM's command line, on the database of `DATABASE_URL`: `npx typeorm -d dist/ormconfig.js
 * migration:generate …` compares the entities with the schema. The service itself needs no entities
 * (docs/decisions/018).
 */
export default new DataSource({
  ...databaseOptions(AppConfig.fromEnvironment(process.env)),
  entities: [
    ConversationEntity,
    ConversationListEntity,
    EventEntity,
    CompactionEntity,
    CalibrationEntity,
    ConversationUsageEntity,
    AuditEntryEntity,
  ],
});
