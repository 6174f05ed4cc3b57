import { Module } from '@nestjs/common';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { CalibrationController } from './calibration.controller.js';
import { CalibrationRepository } from './calibration.repository.js';
import { CalibrationService } from './calibration.service.js';
import { UsageValidator } from './usage-validator.js';

@Module({
  imports: [ConversationsModule],
  controllers: [CalibrationController],
  providers: [CalibrationService, CalibrationRepository, UsageValidator],
  exports: [CalibrationService],
})
export class CalibrationModule {}
