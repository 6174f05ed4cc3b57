import type { Format, PromptOptions } from '@fastpaca/messages';
import { hash } from 'node:crypto';
import { runCooperatively, runToCompletion } from '../common/cooperative-task.js';
import type { ConversationRecord } from '../conversations/conversation.js';
import { serializeWindow } from './dto/window.serializer.js';
import type { Window, WindowTotals } from './window.js';

/**
 * The fields of a conversation that decide its window. Within one history of the database, equal values give equal
 * windows, unless the policy depends on the clock.
 */
export type WindowInputs = Pick<
  ConversationRecord,
  | 'version'
  | 'tokenBudget'
  | 'reserveTokens'
  | 'triggerRatio'
  | 'policyStrategy'
  | 'policyConfig'
  | 'model'
  | 'tokenFactor'
  | 'createdAt'
  | 'history'
>;

/** Rough memory of a window beside its messages, in bytes. */
const OVERHEAD_BYTES = 1024;

/** A window as an HTTP response body, together with the inputs that it was built from. */
export class CachedWindow {
  readonly totals: WindowTotals;
  /** Estimated memory, in bytes. */
  readonly bytes: number;
  /** The window until its first serialization, then only the bytes: a cached window is not held twice. */
  private content: Window | Buffer;

  /**
   * @param etag undefined if the window depends on the clock; such a window must not be cached
   * @param format that the response body has, with these `options`; undefined for messages as they are stored
   */
  constructor(
    window: Window,
    private readonly inputs: WindowInputs,
    readonly etag: string | undefined,
    private readonly format: Format | undefined,
    private readonly options: PromptOptions,
  ) {
    const { version, usedTokens, countedTokens, budgetTokens, snapshotTokens, needsCompaction } = window;
    this.totals = { version, usedTokens, countedTokens, budgetTokens, snapshotTokens, needsCompaction };
    this.bytes = window.messages.reduce((sum, { json }) => sum + json.length + 1, OVERHEAD_BYTES);
    this.content = window;
  }

  /** The response body. Written on the first call, which also releases the messages; later calls return the same bytes. */
  serialize(): Buffer {
    if (!Buffer.isBuffer(this.content))
      this.content = runToCompletion(serializeWindow(this.content, this.format, this.options));
    return this.content;
  }

  /** Writes the response body of a window of many messages in several turns of the event loop. */
  async prepare(): Promise<void> {
    if (!Buffer.isBuffer(this.content))
      this.content = await runCooperatively(serializeWindow(this.content, this.format, this.options));
  }

  /** Whether a conversation with these inputs has this window. */
  isFor(inputs: WindowInputs): boolean {
    return sameInputs(this.inputs, inputs);
  }
}

export function sameInputs(a: WindowInputs, b: WindowInputs): boolean {
  return (
    a.version === b.version &&
    a.history === b.history &&
    a.policyConfig === b.policyConfig &&
    a.policyStrategy === b.policyStrategy &&
    a.tokenBudget === b.tokenBudget &&
    a.reserveTokens === b.reserveTokens &&
    a.triggerRatio === b.triggerRatio &&
    a.model === b.model &&
    a.tokenFactor === b.tokenFactor &&
    a.createdAt.getTime() === b.createdAt.getTime()
  );
}

/** The `ETag` of a window: its version and a digest of its other inputs, so that all nodes send the same one. */
export function windowETag(
  inputs: WindowInputs,
  callBudgetTokens: number | undefined,
  format: Format | undefined,
  options: PromptOptions,
): string {
  const { version, createdAt, history } = inputs;
  const settings = [
    createdAt.getTime(),
    history,
    inputs.tokenBudget,
    inputs.reserveTokens,
    inputs.triggerRatio,
    inputs.policyStrategy,
    inputs.policyConfig,
    inputs.model,
    inputs.tokenFactor,
    callBudgetTokens,
    format,
    options,
  ];
  const digest = hash('sha256', JSON.stringify(settings), 'base64url');
  return `"${version}-${digest.slice(0, 22)}"`;
}
