import { isObject } from '../event.js';
import type { ToolCallItem } from '../items.js';
import { isUiToolPart } from '../read/ui-tool-parts.js';
import type { AiSdkOptions } from './ai-sdk-options.js';
import { uiApprovalResponse } from './ai-sdk-approvals.js';
import { AiSdkPartWriter } from './ai-sdk-part-writer.js';
import { joinRuns, type ModelMessage, type WrittenMessage } from './ai-sdk-runs.js';
import { systemMessage } from './ai-sdk-system.js';
import type { ArrangedMessage, Arrangement } from './arrange.js';
import { isBlock } from './native.js';
import { CONTINUE_TEXT, joinedText, systemAsUserText, userMessageAdded } from './system-text.js';

type Fields = Record<string, unknown>;

interface WriterOptions extends Pick<AiSdkOptions, 'version' | 'outputs'> {
  /** System messages stay system messages; otherwise they become texts of the user. */
  keepsSystem: boolean;
}

/** Writes arranged messages as `ModelMessage`s, so that the request that a provider package makes of them is accepted too. */
export class AiSdkWriter {
  private readonly written: WrittenMessage[] = [];
  private readonly parts: AiSdkPartWriter;
  /** Media of tool results, for a message of the user after all results of one message of the model. */
  private toolMedia: Fields[] = [];
  private lastAnswer: ArrangedMessage | undefined;

  constructor(
    private readonly arrangement: Arrangement,
    private readonly options: WriterOptions,
  ) {
    this.parts = new AiSdkPartWriter(arrangement, options.version, options.outputs);
  }

  add(message: ArrangedMessage): void {
    if (message.role !== 'tool') this.flushToolMedia();
    if (message.role === 'system') this.addSystem(message);
    else if (message.role === 'user') this.addContent(message, this.parts.ofUser(message));
    else if (message.role === 'assistant') this.addAssistant(message);
    else {
      const { parts, media } = this.parts.ofTool(message);
      this.addContent(message, parts);
      this.toolMedia.push(...media);
    }
  }

  /** The messages. The first has the role `user`; so has the last, unless it is a tool message or a call that its provider executes. */
  finish(hasSystem: boolean): Fields[] {
    this.flushLastToolMedia();
    const { repairs } = this.arrangement;
    const messages = joinRuns(this.written, repairs);
    if (messages.length === 0 && !hasSystem) return [];
    const insertUserMessage = (index: number) => {
      messages.splice(index, 0, { role: 'user', content: CONTINUE_TEXT });
      repairs.push(userMessageAdded(0));
    };
    const afterSystem = messages.findIndex(({ role }) => role !== 'system');
    const start = afterSystem === -1 ? messages.length : afterSystem;
    if (messages[start]?.role !== 'user') insertUserMessage(start);
    const last = messages.at(-1);
    if (last?.role === 'assistant' && !endsWithOpenCall(last)) insertUserMessage(messages.length);
    return messages;
  }

  private addSystem(message: ArrangedMessage): void {
    const { seq, items } = message;
    if (this.options.keepsSystem) {
      const system = systemMessage(message, this.arrangement.repairs);
      if (system) this.push(system, seq);
    } else if (joinedText(items) !== '') this.push({ role: 'user', content: systemAsUserText(message) }, seq);
  }

  private addAssistant(message: ArrangedMessage): void {
    this.lastAnswer = message;
    this.addContent(message, this.parts.ofAssistant(message));
    const responses = this.approvalResponses(message);
    if (responses.length > 0) this.push({ role: 'tool', content: responses }, message.seq);
  }

  /** The responses of the user that UI tool parts hold. The AI SDK then executes the tools. */
  private approvalResponses({ items }: ArrangedMessage): Fields[] {
    if (this.options.version === 5) return [];
    return items
      .filter((item): item is ToolCallItem => item.kind === 'call')
      .filter((call) => isUiToolPart(call.source) && this.parts.hasRequest(call))
      .map(({ source }) => uiApprovalResponse(source))
      .filter((response) => response !== undefined);
  }

  private addContent(message: ArrangedMessage, parts: readonly Fields[]): void {
    const { items, seq } = message;
    const { repairs } = this.arrangement;
    if (parts.length > 0) this.push(this.toMessage(message, parts), seq, isUnchanged(message, parts));
    else if (items.length === 0)
      repairs.push({ code: 'left_out', seq, action: 'left out the message: it is empty' });
  }

  private flushToolMedia(): void {
    if (this.toolMedia.length > 0) this.push({ role: 'user', content: this.toolMedia }, 0);
    this.toolMedia = [];
  }

  /** The AI SDK runs or denies an open call only if a tool message is the last one, so no media can follow it. */
  private flushLastToolMedia(): void {
    const { lastAnswer } = this;
    if (this.toolMedia.length > 0 && lastAnswer && this.parts.hasOpenCall(lastAnswer)) {
      const action = 'left out media of tool results: another call of the same message is open';
      this.arrangement.repairs.push({ code: 'left_out', seq: lastAnswer.seq, action });
    } else this.flushToolMedia();
  }

  private push(message: ModelMessage, seq: number, isAsSent = false): void {
    this.written.push({ message, seq, isAsSent });
  }

  /** A message that is unchanged has its fields in their order. */
  private toMessage(message: ArrangedMessage, parts: readonly Fields[]): ModelMessage {
    const { event, role, isWhole, seq } = message;
    const { providerOptions } = event;
    const content = contentOf(message, parts);
    if (isUnchanged(message, parts)) return nativeMessage(message, content);
    if (!isObject(providerOptions)) return { role, content };
    if (isWhole) return { role, content, providerOptions };
    this.arrangement.repairs.push({
      code: 'left_out',
      seq,
      action: 'left out the provider options of a message that became several',
    });
    return { role, content };
  }
}

function isUnchanged({ event, isWhole, role }: ArrangedMessage, parts: readonly Fields[]): boolean {
  return (
    isWhole &&
    event.role === role &&
    parts.length === event.parts.length &&
    parts.every((part, index) => part === event.parts[index])
  );
}

function nativeMessage({ event }: ArrangedMessage, content: ModelMessage['content']): ModelMessage {
  const fields = Object.entries(event).flatMap(([key, value]): [string, unknown][] => {
    if (key === 'parts') return [['content', content]];
    return key === 'role' || (key === 'providerOptions' && isObject(value)) ? [[key, value]] : [];
  });
  return Object.fromEntries(fields) as ModelMessage;
}

/** The content as the caller wrote it; if that is unknown, a single text is a string. */
function contentOf(
  { contentForm, role, event }: ArrangedMessage,
  parts: readonly Fields[],
): ModelMessage['content'] {
  const [only] = parts;
  const isText = parts.length === 1 && isBlock(only, 'text', ['text']);
  if (role !== 'tool' && isText && contentForm !== 'parts') return String(only?.text);
  const isSame = parts.length === event.parts.length && parts.every((part, at) => part === event.parts[at]);
  return isSame ? event.parts : parts;
}

/** Whether a message ends with a call that its provider executes, and whose result comes later. */
function endsWithOpenCall({ content }: ModelMessage): boolean {
  if (typeof content === 'string') return false;
  return ['tool-call', 'tool-approval-request'].includes(String(content.at(-1)?.type));
}
