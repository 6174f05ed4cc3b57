import { Injectable } from '@nestjs/common';
import { CalibrationService } from '../calibration/calibration.service.js';
import { Semaphore } from '../common/semaphore.js';
import { CompactionService } from '../compaction/compaction.service.js';
import { AppConfig } from '../config/app-config.js';
import { WindowBuilds } from './window-builds.js';
import { WindowRecords } from './window-records.js';
import type { WindowRequest } from './window-request.js';
import type { Window } from './window.js';

/** Builds windows that say why they are as they are. */
@Injectable()
export class WindowExplanations {
  /** One at a time: a window is in memory until a second one has been built. */
  private readonly turns: Semaphore;

  constructor(
    private readonly compactions: CompactionService,
    private readonly records: WindowRecords,
    private readonly builds: WindowBuilds,
    private readonly calibrations: CalibrationService,
    { databaseTimeoutMs }: AppConfig,
  ) {
    const message = 'Too many windows are being explained; retry in a moment';
    this.turns = new Semaphore(1, 2 * databaseTimeoutMs, message);
  }

  /**
   * Builds a window with its explanation.
   *
   * @throws UnavailableError (503) too many windows are being explained
   */
  build<Result>(
    request: WindowRequest,
    convert: (window: Window) => Result | Promise<Result>,
  ): Promise<Result> {
    return this.turns.run(async () => {
      const window = await this.builds.build({ ...request, explain: true }, (built) => built);
      const { prefix, explanation } = window;
      const isCompaction =
        prefix.compactionVersion > 0 && (await this.isUnchangedSinceCompaction(request, window));
      const calibration = await this.calibrations.of(request.id, request.conversation);
      if (!explanation) return convert(window);
      const prefixChangedBy = isCompaction ? 'compaction' : explanation.prefixChangedBy;
      return convert({ ...window, explanation: { ...explanation, prefixChangedBy, calibration } });
    });
  }

  /** Whether the window had the same prefix when its newest compaction was made. */
  private async isUnchangedSinceCompaction(request: WindowRequest, { prefix }: Window): Promise<boolean> {
    const { id, conversation } = request;
    const version = prefix.compactionVersion;
    // A previewed compaction is newer than the conversation.
    if (version >= conversation.version) return true;
    const lastSeq = await this.compactions.lastSeqAt(id, version);
    const record = await this.records.at(id, conversation, { version, lastSeq });
    const hash = await this.builds.build(
      { ...request, conversation: record },
      (window) => window.prefix.hash,
    );
    return hash === prefix.hash;
  }
}
