import type { Usage } from '../types.js';

/** What an answer says about the call of a model that produced it, or its first step. */
export interface ModelCall {
  /** The provider's name of the model. */
  model: string;
  inputTokens: number;
}

/** The fields that are used of the results of the AI SDK 5, 6 and 7, and of the answers of OpenAI, Anthropic and Google. */
interface Answer {
  /** AI SDK. `streamText` returns a promise. */
  steps?: readonly Step[] | PromiseLike<readonly Step[]>;
  /** OpenAI and Anthropic. */
  model?: unknown;
  usage?: ProviderUsage;
  /** Google. */
  modelVersion?: unknown;
  usageMetadata?: { promptTokenCount?: unknown };
}

interface ProviderUsage {
  /** OpenAI Chat Completions: includes cached tokens. */
  prompt_tokens?: unknown;
  /** OpenAI Responses: includes cached tokens. Anthropic: does not, and has the next two. */
  input_tokens?: unknown;
  cache_read_input_tokens?: unknown;
  cache_creation_input_tokens?: unknown;
}

/** A step of the AI SDK, or its `finish-step` part. */
export interface Step {
  response?: { modelId?: unknown };
  usage?: {
    inputTokens?: unknown;
    /** AI SDK 5. */
    cachedInputTokens?: unknown;
    /** Since AI SDK 6. */
    inputTokenDetails?: { noCacheTokens?: unknown; cacheReadTokens?: unknown; cacheWriteTokens?: unknown };
  };
  providerMetadata?: {
    anthropic?: { cacheCreationInputTokens?: unknown };
    bedrock?: { usage?: { cacheWriteInputTokens?: unknown } };
  };
}

/**
 * What a provider has counted for a window, for `ctx.append(answer, { usage })`: the service learns from it how the model counts tokens.
 * Cached tokens count once. Of several steps the first one counts, because the later ones contain tool results that are not in the window.
 *
 * @param window that was sent to the model, whole and with nothing of the log beside it
 * @param answer the result of `generateText` or `streamText`, or the answer of the SDK of OpenAI (Chat Completions or Responses), Anthropic
 *   or Google
 * @returns undefined if the answer does not say how many tokens its input had
 */
export async function usageOf(window: { version: number }, answer: unknown): Promise<Usage | undefined> {
  const call = await modelCall(answer ?? {});
  return call && usageOfCall(window, call);
}

export function usageOfCall(window: { version: number }, { model, inputTokens }: ModelCall): Usage {
  return { model, windowVersion: window.version, inputTokens };
}

async function modelCall(answer: Answer): Promise<ModelCall | undefined> {
  if (answer.steps) {
    const [first] = await answer.steps;
    return first && stepCall(first);
  }
  const { usage, usageMetadata } = answer;
  if (usageMetadata) return toCall(answer.modelVersion, [usageMetadata.promptTokenCount]);
  return toCall(answer.model, [
    usage?.prompt_tokens ?? usage?.input_tokens,
    usage?.cache_read_input_tokens,
    usage?.cache_creation_input_tokens,
  ]);
}

/** The call of the model in a step of the AI SDK. */
export function stepCall({ response, usage, providerMetadata }: Step): ModelCall | undefined {
  const { noCacheTokens, cacheReadTokens, cacheWriteTokens } = usage?.inputTokenDetails ?? {};
  if (isCount(noCacheTokens))
    return toCall(response?.modelId, [noCacheTokens, cacheReadTokens, cacheWriteTokens]);
  const { anthropic, bedrock } = providerMetadata ?? {};
  // In AI SDK 5, and with a provider of 5 in a later one, these two count cached tokens apart. The others include them.
  const areCachedApart = anthropic !== undefined || bedrock !== undefined;
  return toCall(response?.modelId, [
    usage?.inputTokens,
    areCachedApart ? (usage?.cachedInputTokens ?? cacheReadTokens) : 0,
    anthropic?.cacheCreationInputTokens ?? bedrock?.usage?.cacheWriteInputTokens,
  ]);
}

/** @param tokens the first is required; the others are parts of the input that are counted apart */
function toCall(model: unknown, tokens: [unknown, ...unknown[]]): ModelCall | undefined {
  if (typeof model !== 'string' || model === '' || !isCount(tokens[0])) return undefined;
  const inputTokens = tokens.filter(isCount).reduce((sum, count) => sum + count, 0);
  return inputTokens > 0 ? { model, inputTokens } : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
