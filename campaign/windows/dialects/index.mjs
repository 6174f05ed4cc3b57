// The dialects in which applications store conversations.
import { aiSdk } from './ai-sdk.mjs';
import { anthropic } from './anthropic.mjs';
import { fastpaca } from './fastpaca.mjs';
import { langChain, langChainDumps } from './langchain.mjs';
import { openAiAgents } from './openai-agents.mjs';
import { openAiChat } from './openai-chat.mjs';
import { openAiResponsesItems, openAiResponsesParts } from './openai-responses.mjs';
import { uiMessages } from './ui-messages.mjs';

const PURE = [
  openAiChat,
  openAiResponsesItems,
  openAiResponsesParts,
  anthropic,
  aiSdk,
  uiMessages,
  langChain,
  langChainDumps,
  openAiAgents,
  fastpaca,
];

/** A conversation whose messages come from several applications: each act is written in another dialect. */
const mixed = {
  name: 'mixed',
  callPrefix: 'call_',
  flavors: { function: 12, custom: 1, shell: 0.5 },
  write(acts, context) {
    const dialects = Array.from({ length: context.random.integer(2, 4) }, () => context.random.pick(PURE));
    return acts.flatMap((act) => context.random.pick(dialects).write([act], context));
  },
};

export const DIALECTS = Object.fromEntries([...PURE, mixed].map((dialect) => [dialect.name, dialect]));
