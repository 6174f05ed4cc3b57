import { isObject, type Part } from '../event.js';
import type { ToolCallItem, ToolResultItem } from '../items.js';
import { isUiToolPart } from '../read/ui-tool-parts.js';
import { mediaUrl } from '../render/media.js';
import type { ReadMessage, ToolPairs } from '../window-items.js';
import type { Approvals } from '../approvals.js';
import { contentPart } from './content-parts.js';

type Fields = Record<string, unknown>;

/** Makes the parts of UI messages from messages of the model. */
export class AnswerParts {
  constructor(
    private readonly pairs: ToolPairs,
    private readonly approvals: Approvals,
  ) {}

  of({ items, seq }: ReadMessage): Part[] {
    const parts: Part[] = [];
    let hasEndedStep = false;
    for (const item of items) {
      if (item.kind === 'result') {
        hasEndedStep ||= this.endsStep(item);
        continue;
      }
      const part = item.kind === 'call' ? this.toolPart(item, seq) : contentPart(item);
      if (!part) continue;
      if (hasEndedStep && part.type !== 'step-start') parts.push({ type: 'step-start' });
      hasEndedStep = false;
      parts.push(part);
    }
    return parts;
  }

  /** A UI message marks its steps itself. A provider that executes tools continues the same step. */
  private endsStep(result: ToolResultItem): boolean {
    const call = this.pairs.callOf.get(result);
    return call !== undefined && !call.isProviderExecuted && !isUiToolPart(result.source);
  }

  private toolPart(call: ToolCallItem, seq: number): Part {
    const { id, name, input, isProviderExecuted, source, place } = call;
    const result = this.pairs.resultOf.get(call);
    if (isUiToolPart(source)) return this.uiToolPart(source as Part, call, result);
    const { providerOptions } = source;
    return {
      type: `tool-${name}`,
      toolCallId: id ?? `call_${seq}_${place.index}`,
      input,
      ...this.stateOf(call, result),
      ...(isProviderExecuted && { providerExecuted: true }),
      ...(isObject(providerOptions) && { callProviderMetadata: providerOptions }),
    };
  }

  /** The part itself, unless other events hold its result or the response of the user. */
  private uiToolPart(part: Part, call: ToolCallItem, result: ToolResultItem | undefined): Part {
    if (result ? result.source === part : !this.approvals.of(call)) return part;
    const { state, ...fields } = this.stateOf(call, result);
    return state === part.state ? part : { ...part, state, ...fields };
  }

  private stateOf(call: ToolCallItem, result: ToolResultItem | undefined): Fields & { state: string } {
    const approval = this.approvals.of(call);
    const withApproval = approval ? { approval } : {};
    if (result) return { ...resultFields(result, approval?.approved === false), ...withApproval };
    if (!approval) return { state: 'input-available' };
    return { state: approval.approved === undefined ? 'approval-requested' : 'approval-responded', approval };
  }
}

function resultFields(result: ToolResultItem, isDenied: boolean): Fields & { state: string } {
  const { output, isError, source } = result;
  const { providerOptions } = source;
  const metadata = isObject(providerOptions) ? { resultProviderMetadata: providerOptions } : {};
  if (isDenied) return { state: 'output-denied', ...metadata };
  if (!isError) return { state: 'output-available', output: outputValue(result), ...metadata };
  const value = outputValue(result);
  const errorText = typeof value === 'string' ? value : JSON.stringify(value);
  return { state: 'output-error', errorText: output.type === 'text' ? output.text : errorText, ...metadata };
}

/** What the tool returned: a text, a value, or a list of content in the spelling of the AI SDK. */
function outputValue({ output, source }: ToolResultItem): unknown {
  if (output.type === 'text') return output.text;
  if (output.type === 'json') return output.value;
  const tagged = source.output;
  if (isObject(tagged) && tagged.type === 'content') return tagged.value;
  return output.content.map((each) => {
    if (each.type === 'text') return { type: 'text', text: each.text };
    const { media } = each;
    const { mediaType, data } = media;
    return data.type === 'base64'
      ? { type: 'file-data', data: data.base64, mediaType }
      : { type: 'file-url', url: mediaUrl(media), mediaType };
  });
}
