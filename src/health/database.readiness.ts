import { Injectable } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { Database } from '../database/database.js';
import { CHECK_WRITABLE } from './health.sql.js';
import { RegisterReadinessIndicator, type ReadinessIndicator } from './readiness-indicator.js';

/** Whether the database accepts writes. */
@Injectable()
@RegisterReadinessIndicator({ name: 'database' })
export class DatabaseReadiness implements ReadinessIndicator {
  /** As for every request: the waits for a connection and for the statement have their own limits below it. */
  readonly timeoutMs: number;

  constructor(
    private readonly database: Database,
    { requestTimeoutMs }: AppConfig,
  ) {
    this.timeoutMs = requestTimeoutMs;
  }

  async check(): Promise<void> {
    const [row] = await this.database.query<{ writable: boolean }>(CHECK_WRITABLE, []);
    if (!row?.writable) throw new Error('The database server does not accept writes');
  }
}
