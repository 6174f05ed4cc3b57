import { createHash } from 'node:crypto';
import type { ConversationRecord } from '../conversations/conversation.js';
import { windowJson } from './dto/window.dto.js';
import type { Segment } from './assemble.js';

/** The slice of a conversation that goes to the model. */
export interface Window {
  version: number;
  segments: Segment[];
  /** Sum over the messages, as they are. */
  usedTokens: number;
  /** The budget that was in force: the least of the conversation's, the policy's and the caller's. */
  budgetTokens: number;
  /** Tokens of the snapshot, before any cut. */
  snapshotTokens: number;
  /** Whether the snapshot, before any cut, is over the trigger ratio of that budget. */
  needsCompaction: boolean;
}

/** What a window follows from besides the log: two of one version and equal settings are the same. */
export type WindowBasis = Pick<
  ConversationRecord,
  'version' | 'tokenBudget' | 'triggerRatio' | 'policyStrategy' | 'policyConfig' | 'createdAt' | 'history'
>;

/** A window as it is sent, and what it was made of. Its text is made when somebody first asks for it. */
export class ReadyWindow {
  readonly version: number;
  readonly usedTokens: number;
  readonly needsCompaction: boolean;
  readonly snapshotTokens: number;
  /** About what it takes in memory. */
  readonly bytes: number;
  private window?: Window;
  private text?: Buffer;

  /** @param tag its entity tag; undefined where it follows from the clock too, so that it is not to be kept */
  constructor(
    window: Window,
    private readonly basis: WindowBasis,
    readonly tag: string | undefined,
  ) {
    this.window = window;
    this.version = window.version;
    this.usedTokens = window.usedTokens;
    this.needsCompaction = window.needsCompaction;
    this.snapshotTokens = window.snapshotTokens;
    const messages = window.segments.flatMap((segment) => segment.messages);
    this.bytes = messages.reduce((sum, { json }) => sum + json.length + 1, 1024);
  }

  /** `WindowDto` as JSON text. */
  get body(): Buffer {
    return this.written().text as Buffer;
  }

  /** Makes the text now, and lets go of the messages. */
  written(): this {
    if (this.window) {
      this.text = Buffer.from(windowJson(this.window));
      this.window = undefined;
    }
    return this;
  }

  /** Whether it is the window of this basis too. */
  isOf(basis: WindowBasis): boolean {
    return isSameBasis(this.basis, basis);
  }
}

export function isSameBasis(a: WindowBasis, b: WindowBasis): boolean {
  return (
    a.version === b.version &&
    a.history === b.history &&
    a.policyConfig === b.policyConfig &&
    a.policyStrategy === b.policyStrategy &&
    a.tokenBudget === b.tokenBudget &&
    a.triggerRatio === b.triggerRatio &&
    a.createdAt.getTime() === b.createdAt.getTime()
  );
}

/**
 * The entity tag of a window: from the version and all that the window follows from besides the log, so that every
 * node gives the same.
 */
export function windowTag(basis: WindowBasis, budgetTokens: number | undefined): string {
  const { version, createdAt, history, tokenBudget, triggerRatio, policyStrategy, policyConfig } = basis;
  const settings = [
    createdAt.getTime(),
    history,
    tokenBudget,
    triggerRatio,
    policyStrategy,
    policyConfig,
    budgetTokens,
  ];
  const digest = createHash('sha256').update(JSON.stringify(settings)).digest('base64url');
  return `"${version}-${digest.slice(0, 22)}"`;
}
