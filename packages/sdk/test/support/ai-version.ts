/* eslint-disable @typescript-eslint/require-await -- fakes of asynchronous functions are asynchronous, too */
/** One part of a model's stream, as all AI SDK versions write it. `finish` and `throw` are converted for each version. */
export interface StreamPart {
  type: string;
  [field: string]: any;
}

export interface ModelCall {
  prompt: any[];
  abortSignal?: AbortSignal;
}

/** The stream parts of one model call. */
export type ModelScript = (call: ModelCall) => AsyncIterable<StreamPart> | Iterable<StreamPart>;

/** A major version of the AI SDK, and its mock model. */
export interface AiVersion {
  name: string;
  ai: any;
  /** A model that runs the next script for each call, and repeats the last one. */
  mockModel: (...scripts: ModelScript[]) => any;
  /** The prompts that the mock model received. */
  promptsOf: (model: any) => any[][];
}

const MOCKS = { 'ai-v5': 'MockLanguageModelV2', 'ai-v6': 'MockLanguageModelV3', ai: 'MockLanguageModelV4' };
const NAMES = { 'ai-v5': 'AI SDK 5', 'ai-v6': 'AI SDK 6', ai: 'AI SDK 7' };

export async function loadAiVersion(pkg: keyof typeof MOCKS): Promise<AiVersion> {
  const [ai, mocks] = await importPackage(pkg);
  const Mock = mocks[MOCKS[pkg]];
  return {
    name: NAMES[pkg],
    ai,
    mockModel: (...scripts) => {
      let calls = 0;
      const next = () => scripts[Math.min(calls++, scripts.length - 1)]!;
      return new Mock({
        doStream: async (call: ModelCall) => ({ stream: partStream(next()(call), pkg) }),
        doGenerate: async () => ({
          content: [{ type: 'text', text: 'generated' }],
          finishReason: finishReason('stop', pkg),
          usage: usage(pkg),
          warnings: [],
        }),
      });
    },
    promptsOf: (model) =>
      [...model.doStreamCalls, ...model.doGenerateCalls].map(({ prompt }: ModelCall) => prompt),
  };
}

/** Each import is a literal, so that tools find the aliased packages. */
async function importPackage(pkg: keyof typeof MOCKS): Promise<[any, any]> {
  if (pkg === 'ai-v5') return [await import('ai-v5'), await import('ai-v5/test')];
  if (pkg === 'ai-v6') return [await import('ai-v6'), await import('ai-v6/test')];
  return [await import('ai'), await import('ai/test')];
}

function partStream(
  parts: AsyncIterable<StreamPart> | Iterable<StreamPart>,
  pkg: keyof typeof MOCKS,
): ReadableStream<unknown> {
  const iterator = (async function* () {
    yield { type: 'stream-start', warnings: [] };
    for await (const part of parts) {
      if (part.type === 'throw') throw part.error;
      yield part.type === 'finish'
        ? { ...part, finishReason: finishReason(part.reason, pkg), usage: usage(pkg, part.input) }
        : part;
    }
  })();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

function finishReason(reason: string, pkg: keyof typeof MOCKS): unknown {
  return pkg === 'ai-v5' ? reason : { unified: reason, raw: reason };
}

/** The input tokens of a call, as Anthropic counts them. */
export interface InputTokens {
  uncached: number;
  cacheRead: number;
  cacheWrite: number;
}

/** In AI SDK 5, the provider of Anthropic has the written tokens in its metadata: see `finishPart`. */
function usage(pkg: keyof typeof MOCKS, input?: InputTokens): unknown {
  const { uncached, cacheRead, cacheWrite } = input ?? { uncached: 1, cacheRead: 0, cacheWrite: 0 };
  return pkg === 'ai-v5'
    ? { inputTokens: uncached, outputTokens: 1, totalTokens: uncached + 1, cachedInputTokens: cacheRead }
    : {
        inputTokens: { total: uncached + cacheRead + cacheWrite, noCache: uncached, cacheRead, cacheWrite },
        outputTokens: { total: 1, text: 1, reasoning: 0 },
      };
}

/** The stream parts of a text in these deltas. */
export function textParts(...deltas: string[]): StreamPart[] {
  return [
    { type: 'text-start', id: 't' },
    ...deltas.map((delta) => ({ type: 'text-delta', id: 't', delta })),
    { type: 'text-end', id: 't' },
  ];
}

/** @param input what the provider has counted; default: one token */
export function finishPart(reason = 'stop', input?: InputTokens): StreamPart {
  const anthropic = { cacheCreationInputTokens: input?.cacheWrite };
  return { type: 'finish', reason, input, ...(input && { providerMetadata: { anthropic } }) };
}

/** A script whose answer is a text in these deltas. */
export function textAnswer(...deltas: string[]): ModelScript {
  return () => [...textParts(...deltas), finishPart()];
}

/** A script that calls a tool. */
export function toolCallAnswer(
  toolName: string,
  input: object,
  toolCallId = 'call-1',
  counted?: InputTokens,
): ModelScript {
  return () => [
    { type: 'tool-call', toolCallId, toolName, input: JSON.stringify(input) },
    finishPart('tool-calls', counted),
  ];
}
