import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { jsonValue } from '../common/json/json-value.js';
import { Semaphore } from '../common/semaphore.js';
import { AppConfig } from '../config/app-config.js';
import type { ConversationRecord } from '../conversations/conversation.js';
import { PolicyRegistry } from '../policies/policy.registry.js';
import { WindowBuilder } from './window.builder.js';
import type { WindowRequest } from './window-request.js';
import type { Window } from './window.js';

/** What decides a window beside the conversation. */
export type CallSettings = Pick<WindowRequest, 'callBudgetTokens' | 'format' | 'compactions'>;

/** Most bytes of messages of a window that may be built beside others; larger windows are built one at a time. */
const SMALL_WINDOW_BYTES = 4 * 1024 * 1024;

/** Builds windows, and limits the memory of those that are built at the same time. */
@Injectable()
export class WindowBuilds {
  private readonly largeBuilds: Semaphore;

  constructor(
    private readonly policies: PolicyRegistry,
    private readonly builder: WindowBuilder,
    private readonly config: AppConfig,
  ) {
    this.largeBuilds = new Semaphore(
      1,
      2 * config.databaseTimeoutMs,
      'Too many large windows are being read; retry in a moment',
    );
  }

  /**
   * Builds a window of at most 4 MiB of messages. If that drops messages, builds it again up to the configured limit,
   * one such window at a time. Why: docs/decisions/014.
   *
   * @param convert called while a large window still occupies its slot
   */
  async build<Result>(
    request: WindowRequest,
    convert: (window: Window, isLarge: boolean) => Result | Promise<Result>,
  ): Promise<Result> {
    const { windowLimitBytes } = this.config;
    if (windowLimitBytes <= SMALL_WINDOW_BYTES)
      return convert(await this.builder.build(request, windowLimitBytes), false);
    const small = await this.builder.buildUncut(request, SMALL_WINDOW_BYTES);
    if (small) return convert(small, false);
    return this.largeBuilds.run(async () =>
      convert(await this.builder.build(request, windowLimitBytes), true),
    );
  }

  /** The request that a window of this conversation is built from. */
  request(id: ConversationId, conversation: ConversationRecord, settings: CallSettings = {}): WindowRequest {
    const config = jsonValue(conversation.policyConfig) as Record<string, unknown>;
    const policy = this.policies.configure(conversation.policyStrategy, config);
    return { id, conversation, policy, ...settings };
  }
}
