export { FastpacaSession, type SessionOptions } from './openai-agents/session.js';
