import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { jsonValue } from '../common/json/json-value.js';
import { Database, type Executor } from '../database/database.js';
import type { Calibration } from './calibration.js';
import {
  COUNT_REPORT,
  DELETE_USAGE,
  FIND_FACTOR,
  FIND_USAGE,
  LIST_CALIBRATIONS,
  LOCK_USAGE,
  NEWEST_SLOPES,
  RESET_CALIBRATION,
  SAVE_USAGE,
  SET_FACTOR,
} from './calibration.sql.js';
import type { LearnedFactor } from './next-factor.js';
import type { KeptReport } from './usage-report.js';
import type { Weighted } from './weighted-median.js';

/** A calibration while it is locked. */
export interface LockedCalibration extends LearnedFactor {
  /** Reports from before that time do not count: the calibration was reset. */
  startedAt: Date;
}

/** The tables `calibrations` and `conversation_usage`. */
@Injectable()
export class CalibrationRepository {
  constructor(private readonly database: Database) {}

  async countReport(tx: Executor, namespace: string, model: string): Promise<LockedCalibration> {
    const [row] = await tx.query<LockedCalibration>(COUNT_REPORT, [namespace, model]);
    if (!row) throw new Error('an upsert returns its row');
    return row;
  }

  async setFactor(tx: Executor, namespace: string, model: string, factor: number): Promise<void> {
    await tx.query(SET_FACTOR, [namespace, model, factor]);
  }

  async lockUsage(
    tx: Executor,
    { namespace, id }: ConversationId,
  ): Promise<{ reports: KeptReport[]; now: Date }> {
    const [row] = await tx.query<{ reports: string; now: Date }>(LOCK_USAGE, [namespace, id]);
    if (!row) throw new Error('an upsert returns its row');
    return { reports: jsonValue(row.reports) as KeptReport[], now: row.now };
  }

  /** @param slope what the reports say about `model`; undefined keeps the earlier slope */
  async saveUsage(
    tx: Executor,
    { namespace, id }: ConversationId,
    reports: readonly KeptReport[],
    model: string | null,
    slope: Weighted | undefined,
  ): Promise<void> {
    await tx.query(SAVE_USAGE, [
      namespace,
      id,
      JSON.stringify(reports),
      model,
      slope?.value,
      slope && Math.round(slope.weight),
    ]);
  }

  newestSlopes(
    tx: Executor,
    namespace: string,
    model: string,
    since: Date,
    limit: number,
  ): Promise<Weighted[]> {
    return tx.query<{ value: number; weight: number }>(NEWEST_SLOPES, [namespace, model, since, limit]);
  }

  /** @param model whose reports are counted; null: none */
  async usage(
    { namespace, id }: ConversationId,
    model: string | null,
  ): Promise<{ kept: KeptReport[]; counted: number }> {
    const [row] = await this.database.query<{ kept: string | null; counted: number | null }>(FIND_USAGE, [
      namespace,
      id,
      model,
    ]);
    return { kept: jsonValue(row?.kept ?? '[]') as KeptReport[], counted: row?.counted ?? 0 };
  }

  /** Undefined before the first report. */
  async factor(namespace: string, model: string): Promise<number | undefined> {
    const [row] = await this.database.query<{ factor: number }>(FIND_FACTOR, [namespace, model]);
    return row?.factor;
  }

  list(namespace: string, limit: number): Promise<Calibration[]> {
    return this.database.query<Calibration & Record<string, unknown>>(LIST_CALIBRATIONS, [namespace, limit]);
  }

  async reset(namespace: string, model: string): Promise<void> {
    await this.database.query(RESET_CALIBRATION, [namespace, model]);
  }

  async deleteUsage({ namespace, id }: ConversationId): Promise<void> {
    await this.database.query(DELETE_USAGE, [namespace, id]);
  }
}
