export {
  FastpacaChatMessageHistory,
  type ChatMessageHistoryOptions,
} from './langchain/chat-message-history.js';
