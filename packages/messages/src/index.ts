export type { MessageEvent, Part, Role } from './event.js';
export type {
  Item,
  Media,
  MediaData,
  MediaItem,
  OpaqueItem,
  ReasoningItem,
  StepItem,
  TextItem,
  ToolCallItem,
  ToolOutput,
  ToolOutputContent,
  ToolResultItem,
} from './items.js';
export { readItems } from './read/read-items.js';
export { countedEvent, type CountedContent, type CountedEvent, type CountedMedia } from './counted-event.js';
export {
  outlineOf,
  outlineOfItems,
  parseOutline,
  serializeOutline,
  OUTLINE_VERSION,
  type EventOutline,
  type OutlineTool,
} from './outline.js';
export {
  groupEvents,
  dependOnEarlier,
  needsRepair,
  unansweredCalls,
  type Group,
  type OutlinedEvent,
} from './groups.js';
export { isWhole, reducedEvent, withoutKinds, withReplacedOutputs, type Reduction } from './reduce.js';
export { repairWindow, type RepairedMessage, type RepairedWindow } from './repair.js';
export { NO_RESULT_TEXT } from './synthetic-result.js';
export {
  REPAIR_CODES,
  type ContentForm,
  type Repair,
  type RepairCode,
  type WindowEvent,
} from './window-event.js';
export { modelContents, type ModelContent } from './render/ai-sdk-contents.js';
export type { AiSdkOptions } from './render/ai-sdk-options.js';
export { renderAiSdk } from './render/ai-sdk.js';
export type { AiSdkVersion } from './render/ai-sdk-native.js';
export {
  FORMATS,
  renderPrompt,
  type Format,
  type Prompts,
  type RenderedPrompt,
} from './render/render-prompt.js';
export {
  CACHED_FORMATS,
  type CachedFormat,
  type PromptCache,
  type PromptOptions,
} from './render/prompt-options.js';
export { newToolParts } from './ui/new-tool-parts.js';
export { toUiMessages, type UiMessage } from './ui/ui-messages.js';

// For writers of other formats.
export { arrange, type ArrangedMessage, type Arrangement } from './render/arrange.js';
export { isStoredMessage, storedMessageRole } from './read/stored-messages.js';
export { assignCallIds, type CallIdRules } from './render/call-ids.js';
export { documentText, exactMediaType, isImageOfModels } from './render/media.js';
export { contentBlock, outputContent } from './render/openai-responses-content.js';
export { CONTINUE_TEXT, joinedText, systemAsUserText } from './render/system-text.js';
export { legalToolName } from './render/tool-names.js';
export { argumentsObject, argumentsText, outputMedia, outputText } from './render/tool-texts.js';
export { pairTools, readWindow, type ReadMessage, type ToolPairs } from './window-items.js';
export { wellFormed } from './well-formed.js';
