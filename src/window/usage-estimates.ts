import { Injectable, type OnModuleInit } from '@nestjs/common';
import { CalibrationService } from '../calibration/calibration.service.js';
import { WindowService } from './window.service.js';

/** Counts the windows that usage reports are about: calibration/ is below this layer and cannot build windows. */
@Injectable()
export class UsageEstimates implements OnModuleInit {
  constructor(
    private readonly calibrations: CalibrationService,
    private readonly windows: WindowService,
  ) {}

  onModuleInit(): void {
    this.calibrations.estimateWith((id, conversation, version) =>
      this.windows.estimateAt(id, conversation, version),
    );
  }
}
