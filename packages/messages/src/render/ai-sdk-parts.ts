import { isObject } from '../event.js';
import type { Media, MediaItem, ReasoningItem, TextItem, ToolCallItem, ToolResultItem } from '../items.js';
import { isModelPart, type AiSdkVersion } from './ai-sdk-native.js';
import { documentText, exactMediaType, isReadByModels } from './media.js';
import { legalToolName } from './tool-names.js';
import { argumentsObject } from './tool-texts.js';

type Fields = Record<string, unknown>;
type Source = Readonly<Fields>;

/** A text; undefined for blank text, which providers reject. An empty text stays if it carries a signature of Gemini. */
export function textPart(
  { source, text }: TextItem,
  role: 'user' | 'assistant',
  version?: AiSdkVersion,
): Fields | undefined {
  const options = optionsOf(source);
  const isCarrier = role === 'assistant' && text === '' && hasThoughtSignature(options);
  if (text.trim() === '' && !isCarrier) return undefined;
  return isModelPart(source, role, version) ? source : { type: 'text', text, ...withOptions(options) };
}

function hasThoughtSignature(options: Fields = {}): boolean {
  return Object.values(options).some((each) => isObject(each) && isText(each.thoughtSignature));
}

/** An image or a file; a document that is given as text becomes text. Undefined for a file that no or only one provider reads. */
export function filePart(
  { source, media }: MediaItem,
  role: 'user' | 'assistant',
  version?: AiSdkVersion,
): Fields | undefined {
  if (isModelPart(source, role, version)) return source;
  if (role === 'assistant' && !isGeneratedImage(media, version)) return undefined;
  return mediaPart(media, optionsOf(source));
}

/** As `filePart`, for media of any source. */
export function mediaPart(media: Media, options?: Fields): Fields | undefined {
  const text = documentText(media);
  if (text !== undefined) return { type: 'text', text, ...withOptions(options) };
  const { data, filename } = media;
  if ((data.type !== 'base64' && data.type !== 'url') || !isReadByModels(media)) return undefined;
  return {
    type: 'file',
    data: data.type === 'url' ? data.url : data.base64,
    mediaType: exactMediaType(media),
    ...(filename !== undefined && { filename }),
    ...withOptions(options),
  };
}

/** The Google provider is the only one that takes files back from the model, and in AI SDK 5 it takes PNG images only. */
function isGeneratedImage({ data, mediaType }: Media, version: AiSdkVersion | undefined): boolean {
  if (data.type !== 'base64') return false;
  return mediaType === 'image/png' || ((version ?? 5) > 5 && mediaType.startsWith('image/'));
}

/** The reasoning of a message of the AI SDK or of Anthropic; undefined for other dialects. */
export function reasoningPart({ source, text }: ReasoningItem, version?: AiSdkVersion): Fields | undefined {
  if (isModelPart(source, 'assistant', version)) return source;
  if (source.type === 'thinking' && isText(source.signature))
    return { type: 'reasoning', text, providerOptions: { anthropic: { signature: source.signature } } };
  if (source.type === 'redacted_thinking' && isText(source.data))
    return { type: 'reasoning', text: '', providerOptions: { anthropic: { redactedData: source.data } } };
  const options = optionsOf(source);
  if (source.type === 'reasoning-file') return reasoningFilePart(source, options, version);
  const isOfAiSdk = source.type === 'reasoning' && typeof source.text === 'string';
  return isOfAiSdk && (text !== '' || options)
    ? { type: 'reasoning', text, ...withOptions(options) }
    : undefined;
}

/** A UI message has the URL of the file. */
function reasoningFilePart(
  { url, mediaType }: Source,
  options: Fields | undefined,
  version: AiSdkVersion | undefined,
): Fields | undefined {
  if (!isText(url) || !isText(mediaType) || (version ?? 7) < 7) return undefined;
  return { type: 'reasoning-file', data: url, mediaType, ...withOptions(options) };
}

/** Whether Anthropic has signed a reasoning part: it checks the signature. */
export function isSignedByAnthropic({ providerOptions }: Source): boolean {
  const anthropic = isObject(providerOptions) ? providerOptions.anthropic : undefined;
  return isObject(anthropic) && (isText(anthropic.signature) || isText(anthropic.redactedData));
}

/** A part that only the AI SDK knows, such as `custom`, or a file that a provider stores. */
export function opaquePart(
  source: Source,
  role: 'user' | 'assistant',
  version?: AiSdkVersion,
): Fields | undefined {
  if (isModelPart(source, role, version)) return source;
  if (source.type !== 'custom' || !isText(source.kind) || (version ?? 7) < 7) return undefined;
  return { type: 'custom', kind: source.kind, ...withOptions(optionsOf(source)) };
}

/** @param id the id that the call has in the prompt */
export function callPart(call: ToolCallItem, id: string): Fields {
  const { source } = call;
  const toolName = legalToolName(call.name);
  const isLegal = source.toolCallId === id && source.toolName === toolName && isObject(source.input);
  if (isLegal && source.providerExecuted !== true && isModelPart(source, 'assistant')) return source;
  return {
    type: 'tool-call',
    toolCallId: id,
    toolName,
    input: argumentsObject(call),
    ...withOptions(callOptions(source)),
  };
}

/** A call that its provider executes: its id and its name are the provider's. */
export function executedCallPart(call: ToolCallItem): Fields {
  const { source, id, name, input } = call;
  if (isModelPart(source, 'assistant')) return source;
  const options = withOptions(callOptions(source));
  return { type: 'tool-call', toolCallId: id, toolName: name, input, providerExecuted: true, ...options };
}

/** The result of a call that its provider executes. */
export function executedResultPart(result: ToolResultItem, output: Fields): Fields {
  const { source, callId, name } = result;
  if (isModelPart(source, 'assistant') && source.output === output) return source;
  const options = withOptions(objectOf(source.resultProviderMetadata) ?? callOptions(source));
  return { type: 'tool-result', toolCallId: callId, toolName: name, output, ...options };
}

/** @param id the id that the call has in the prompt */
export function resultPart(result: ToolResultItem, call: ToolCallItem, id: string, output: Fields): Fields {
  const { source } = result;
  const toolName = legalToolName(call.name);
  const isLegal = source.toolCallId === id && source.toolName === toolName && source.output === output;
  if (isLegal && isModelPart(source, 'tool')) return source;
  const options = withOptions(objectOf(source.providerOptions) ?? objectOf(source.resultProviderMetadata));
  return { type: 'tool-result', toolCallId: id, toolName, output, ...options };
}

/** The options of a part of a model message, or the metadata of a part of a UI message. */
function optionsOf({ providerOptions, providerMetadata }: Source): Fields | undefined {
  return objectOf(providerOptions) ?? objectOf(providerMetadata);
}

/** AI SDK 6 and 7 write what belongs to a failed call beside its result. */
function callOptions({
  providerOptions,
  callProviderMetadata,
  resultProviderMetadata,
  state,
}: Source): Fields | undefined {
  return (
    objectOf(providerOptions) ??
    objectOf(callProviderMetadata) ??
    (state === 'output-error' ? objectOf(resultProviderMetadata) : undefined)
  );
}

function withOptions(options: Fields | undefined): { providerOptions?: Fields } {
  return options ? { providerOptions: options } : {};
}

function objectOf(value: unknown): Fields | undefined {
  return isObject(value) && Object.values(value).every(isObject) ? value : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
