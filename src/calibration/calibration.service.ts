import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { log } from '../common/logging/logger.js';
import type { ConversationRecord } from '../conversations/conversation.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { Database } from '../database/database.js';
import { Metrics } from '../metrics/metrics.js';
import { BackgroundQueue } from './background-queue.js';
import type { Calibration, ConversationCalibration } from './calibration.js';
import { CalibrationRepository } from './calibration.repository.js';
import { conversationSlope } from './conversation-slope.js';
import { isSameModel } from './is-same-model.js';
import { keepSpread } from './keep-spread.js';
import { nextFactor } from './next-factor.js';
import { overheadOf } from './overhead.js';
import type { KeptReport, MeasuredReport, UsageReport } from './usage-report.js';

/**
 * What this service counts for a window that a conversation has had, in tokens, before any factor. Undefined if the conversation has
 * not had that version.
 */
export type WindowEstimator = (
  id: ConversationId,
  conversation: ConversationRecord,
  version: number,
) => Promise<number | undefined>;

/** Most models that a namespace lists. */
const MAX_LISTED = 1000;
/** How many conversations decide the factor of a model: those that reported last. */
const DECIDING_CONVERSATIONS = 32;

interface WaitingReport {
  id: ConversationId;
  report: UsageReport;
}

/**
 * Learns from the usage that providers report how many of their tokens a token of this service is, for each model of a namespace. See
 * docs/decisions/024.
 */
@Injectable()
export class CalibrationService implements OnApplicationShutdown {
  private readonly queue = new BackgroundQueue<WaitingReport>((waiting) => this.process(waiting));
  private estimate: WindowEstimator = () => Promise.resolve(undefined);
  /** Reports are being dropped: there is one log line until the queue has room again. */
  private isDropping = false;

  constructor(
    private readonly calibrations: CalibrationRepository,
    private readonly conversations: ConversationsService,
    private readonly database: Database,
    private readonly metrics: Metrics,
  ) {}

  /** @internal Sets what counts windows: the layer above, which builds them. */
  estimateWith(estimator: WindowEstimator): void {
    this.estimate = estimator;
  }

  /**
   * Takes a report that came with an append, and returns at once: it is processed later, and may be lost. A node processes one report at
   * a time; up to 256 wait, and further ones are dropped.
   *
   * @param answerVersion the version of the first event that was appended. A report of that window or a later one is ignored, because
   *   no answer comes before its window.
   */
  report(id: ConversationId, report: UsageReport, answerVersion: number): void {
    if (report.windowVersion >= answerVersion) {
      this.metrics.usageReports.inc({ outcome: 'ignored' });
      return;
    }
    const isQueued = this.queue.add({ id, report });
    if (!isQueued) this.metrics.usageReports.inc({ outcome: 'dropped' });
    if (!isQueued && !this.isDropping)
      log.warn('usage reports are dropped: they arrive faster than they are processed');
    this.isDropping = !isQueued;
  }

  /** @internal The factor that a conversation with this model has; see `ConversationRecord.tokenFactor`. */
  async factorOf(namespace: string, model: string | null): Promise<number> {
    const factor = model === null ? undefined : await this.calibrations.factor(namespace, model);
    return factor ?? 1;
  }

  /** What usage reports have taught about the models of a namespace, by model; at most 1,000. */
  list(namespace: string): Promise<Calibration[]> {
    return this.calibrations.list(namespace, MAX_LISTED);
  }

  /**
   * Forgets what was learned about a model: its factor is 1 until enough new reports have arrived. May be called again.
   *
   * @param model as conversations name it
   */
  reset(namespace: string, model: string): Promise<void> {
    return this.calibrations.reset(namespace, model);
  }

  /** What the reports of a conversation say about its windows. */
  async of(
    id: ConversationId,
    { model, tokenFactor }: Pick<ConversationRecord, 'model' | 'tokenFactor'>,
  ): Promise<ConversationCalibration> {
    const { kept, counted } = await this.calibrations.usage(id, model);
    const last = kept.at(-1);
    const ofModel = kept.filter((report) => isSameModel(report.model, model ?? last?.model ?? ''));
    return {
      factor: tokenFactor,
      reports: counted,
      overhead: overheadOf(ofModel, tokenFactor),
      lastReport: last && {
        model: last.model,
        windowVersion: last.windowVersion,
        inputTokens: last.inputTokens,
        estimate: last.estimate,
      },
    };
  }

  /** @internal Deletes the usage reports of a conversation that was erased. */
  forget(id: ConversationId): Promise<void> {
    return this.calibrations.deleteUsage(id);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.queue.stop();
  }

  private async process({ id, report }: WaitingReport): Promise<void> {
    try {
      const conversation = await this.conversations.get(id);
      const estimate = await this.estimate(id, conversation, report.windowVersion);
      const isKnown = estimate !== undefined;
      if (isKnown) await this.learn(id, conversation.model, { ...report, estimate });
      this.metrics.usageReports.inc({ outcome: isKnown ? 'stored' : 'ignored' });
    } catch (error) {
      this.metrics.usageReports.inc({ outcome: 'failed' });
      log.warn({ err: error, conversation_id: id.id }, 'a usage report was not processed');
    }
  }

  /** Stores the report, and learns from it if it is about the model of the conversation. */
  private learn(id: ConversationId, model: string | null, report: MeasuredReport): Promise<void> {
    const { namespace } = id;
    return this.database.transaction(async (tx) => {
      const learns = model !== null && isSameModel(report.model, model);
      // The calibration is locked before the conversation in every transaction, so that no two wait for each other.
      const calibration = learns ? await this.calibrations.countReport(tx, namespace, model) : undefined;
      const { reports, now } = await this.calibrations.lockUsage(tx, id);
      const kept = keepSpread<KeptReport>([...reports, { ...report, at: now.getTime() }]);
      if (!calibration || model === null) {
        await this.calibrations.saveUsage(tx, id, kept, null, undefined);
        return;
      }
      const { startedAt } = calibration;
      const counting = kept.filter(
        (each) => isSameModel(each.model, model) && each.at >= startedAt.getTime(),
      );
      await this.calibrations.saveUsage(tx, id, kept, model, conversationSlope(counting));
      const slopes = await this.calibrations.newestSlopes(
        tx,
        namespace,
        model,
        startedAt,
        DECIDING_CONVERSATIONS,
      );
      const factor = nextFactor(calibration, slopes);
      if (factor !== calibration.factor) await this.calibrations.setFactor(tx, namespace, model, factor);
    });
  }
}
