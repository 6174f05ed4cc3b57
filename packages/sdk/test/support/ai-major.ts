/* eslint-disable @typescript-eslint/require-await -- what stands for a model or a service is asynchronous as they are */
/** What one model call gives, in the words that all majors share; `finish` and `throw` are put into those of its own. */
export interface ScriptPart {
  type: string;
  [field: string]: any;
}

export interface ModelCall {
  prompt: any[];
  abortSignal?: AbortSignal;
}

/** One call of the model: its parts, as they come. */
export type Script = (call: ModelCall) => AsyncIterable<ScriptPart> | Iterable<ScriptPart>;

/** One major of the AI SDK and its own mock model. */
export interface AiMajor {
  name: string;
  ai: any;
  /** A model that answers each call with the next script, the last one again and again. */
  model: (...scripts: Script[]) => any;
  /** The prompts that the model was given. */
  prompts: (model: any) => any[][];
}

const MOCKS = { 'ai-v5': 'MockLanguageModelV2', 'ai-v6': 'MockLanguageModelV3', ai: 'MockLanguageModelV4' };
const NAMES = { 'ai-v5': 'AI SDK 5', 'ai-v6': 'AI SDK 6', ai: 'AI SDK 7' };

export async function aiMajor(pkg: keyof typeof MOCKS): Promise<AiMajor> {
  const [ai, mocks] = await load(pkg);
  const Mock = mocks[MOCKS[pkg]];
  return {
    name: NAMES[pkg],
    ai,
    model: (...scripts) => {
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
    prompts: (model) =>
      [...model.doStreamCalls, ...model.doGenerateCalls].map(({ prompt }: ModelCall) => prompt),
  };
}

/** Written out, so that the aliases are found by their names. */
async function load(pkg: keyof typeof MOCKS): Promise<[any, any]> {
  if (pkg === 'ai-v5') return [await import('ai-v5'), await import('ai-v5/test')];
  if (pkg === 'ai-v6') return [await import('ai-v6'), await import('ai-v6/test')];
  return [await import('ai'), await import('ai/test')];
}

function partStream(
  parts: AsyncIterable<ScriptPart> | Iterable<ScriptPart>,
  pkg: keyof typeof MOCKS,
): ReadableStream<unknown> {
  const iterator = (async function* () {
    yield { type: 'stream-start', warnings: [] };
    for await (const part of parts) {
      if (part.type === 'throw') throw part.error;
      yield part.type === 'finish'
        ? { type: 'finish', finishReason: finishReason(part.reason, pkg), usage: usage(pkg) }
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

function usage(pkg: keyof typeof MOCKS): unknown {
  return pkg === 'ai-v5'
    ? { inputTokens: 1, outputTokens: 1, totalTokens: 2 }
    : {
        inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
        outputTokens: { total: 1, text: 1, reasoning: 0 },
      };
}

/** The parts of a text that comes in these pieces. */
export function text(...pieces: string[]): ScriptPart[] {
  return [
    { type: 'text-start', id: 't' },
    ...pieces.map((delta) => ({ type: 'text-delta', id: 't', delta })),
    { type: 'text-end', id: 't' },
  ];
}

export function finish(reason = 'stop'): ScriptPart {
  return { type: 'finish', reason };
}

/** A script that says these pieces. */
export function says(...pieces: string[]): Script {
  return () => [...text(...pieces), finish()];
}

/** A script that calls a tool. */
export function calls(toolName: string, input: object, toolCallId = 'call-1'): Script {
  return () => [
    { type: 'tool-call', toolCallId, toolName, input: JSON.stringify(input) },
    finish('tool-calls'),
  ];
}
