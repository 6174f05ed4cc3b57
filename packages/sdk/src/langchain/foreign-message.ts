import {
  argumentsObject,
  documentText,
  exactMediaType,
  isImageOfModels,
  joinedText,
  legalToolName,
  outputText,
  NO_RESULT_TEXT,
  type ArrangedMessage,
  type Item,
  type Media,
  type ToolCallItem,
  type ToolResultItem,
} from '@fastpaca/messages';
import { AIMessage, HumanMessage, ToolMessage, type ContentBlock } from '@langchain/core/messages';

/** Converts the texts and tool calls of an event of another writer; undefined if the event has neither. */
export function toAiMessage(
  message: ArrangedMessage,
  idOf: ReadonlyMap<ToolCallItem, string>,
): AIMessage | undefined {
  const content = joinedText(message.items);
  const toolCalls = message.items
    .filter((item) => item.kind === 'call')
    .map((call) => ({
      type: 'tool_call' as const,
      id: idOf.get(call) ?? '',
      name: legalToolName(call.name),
      args: argumentsObject(call),
    }));
  if (content === '' && toolCalls.length === 0) return undefined;
  return new AIMessage({ ...idOfMessage(message), content, tool_calls: toolCalls });
}

/** Converts the texts, images and PDF files of an event of another writer; undefined if the event has none of them. */
export function toHumanMessage(message: ArrangedMessage): HumanMessage | undefined {
  const { name } = message.event;
  const fields = {
    ...idOfMessage(message),
    ...(typeof name === 'string' && legalToolName(name) === name && { name }),
  };
  const blocks = message.items.flatMap(toBlocks);
  if (blocks.length === 0) return undefined;
  if (blocks.some(({ type }) => type !== 'text'))
    return new HumanMessage({ ...fields, contentBlocks: blocks });
  return new HumanMessage({ ...fields, content: joinedText(message.items) });
}

/** `metadata.synthetic` marks a result that was added because the call has no recorded result. */
export function toToolMessage(result: ToolResultItem, callId: string): ToolMessage {
  const content = outputText(result);
  return new ToolMessage({
    content,
    tool_call_id: callId,
    ...(result.isError && { status: 'error' }),
    ...(content === NO_RESULT_TEXT && { metadata: { synthetic: true } }),
  });
}

/** A message with the images and files of tool results; undefined if the results have no images or files. */
export function toMediaMessage(media: readonly Media[]): HumanMessage | undefined {
  const contentBlocks = media.flatMap(mediaBlocks);
  return contentBlocks.length > 0 ? new HumanMessage({ contentBlocks }) : undefined;
}

/** The id of an answer of OpenAI is only valid together with its reasoning. Parts of one event do not share its id. */
function idOfMessage({ event, isWhole }: ArrangedMessage): { id?: string } {
  const { id } = event;
  return isWhole && typeof id === 'string' && !id.startsWith('msg_') ? { id } : {};
}

function toBlocks(item: Item): ContentBlock.Standard[] {
  if (item.kind === 'text') return item.text.trim() === '' ? [] : [{ type: 'text', text: item.text }];
  return item.kind === 'media' ? mediaBlocks(item.media) : [];
}

/** Empty for what one of the providers rejects. */
function mediaBlocks(media: Media): ContentBlock.Standard[] {
  const text = documentText(media);
  if (text !== undefined) return text.trim() === '' ? [] : [{ type: 'text', text }];
  const mimeType = exactMediaType(media);
  const { data, filename = 'document.pdf' } = media;
  const source =
    data.type === 'url' ? { url: data.url } : data.type === 'base64' ? { data: data.base64 } : undefined;
  if (!source) return [];
  if (isImageOfModels(media)) return [{ type: 'image', mimeType, ...source }];
  return mimeType === 'application/pdf'
    ? [{ type: 'file', mimeType, metadata: { filename }, ...source }]
    : [];
}
