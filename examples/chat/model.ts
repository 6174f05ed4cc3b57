import { openai } from '@ai-sdk/openai';
import type { LanguageModel } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { setTimeout as delay } from 'node:timers/promises';

type DoStream = InstanceType<typeof MockLanguageModelV4>['doStream'];
type Prompt = Parameters<DoStream>[0]['prompt'];
type StreamResult = Awaited<ReturnType<DoStream>>;
type StreamPart = StreamResult['stream'] extends ReadableStream<infer Part> ? Part : never;

/** OpenAI's model if there is a key, else a mock. */
export const model: LanguageModel = process.env.OPENAI_API_KEY
  ? openai(process.env.OPENAI_MODEL ?? 'gpt-4o-mini')
  : new MockLanguageModelV4({
      modelId: 'local-mock',
      doStream: ({ prompt }) => Promise.resolve({ stream: streamOf(reply(prompt)) }),
    });

/** Pause between two words, in milliseconds. */
const WORD_MS = Number(process.env.MOCK_WORD_MS ?? 40);

/** Asks to run a tool if the user writes of a refund, and otherwise says what it was given. */
async function* reply(prompt: Prompt): AsyncGenerator<StreamPart> {
  yield { type: 'stream-start', warnings: [] };
  const last = prompt.at(-1);
  const [, orderId] = /\brefund order (\w+)/i.exec(textOf(last)) ?? [];
  if (last?.role === 'tool') yield* say(hasRun(last) ? 'The order is refunded.' : 'Then I refund nothing.');
  else if (orderId) {
    yield* say(`I can refund order ${orderId}, if you approve it.`);
    const input = JSON.stringify({ orderId });
    yield { type: 'tool-call', toolCallId: crypto.randomUUID(), toolName: 'refundOrder', input };
  } else yield* say(describe(prompt));
  yield finish(orderId ? 'tool-calls' : 'stop');
}

function textOf(message: Prompt[number] | undefined): string {
  if (message?.role !== 'user') return '';
  return message.content.map((part) => (part.type === 'text' ? part.text : '')).join(' ');
}

/** A tool that was denied, or that nobody decided on, has a text as its result. */
function hasRun({ content }: Extract<Prompt[number], { role: 'tool' }>): boolean {
  return content.some((part) => part.type === 'tool-result' && part.output.type === 'json');
}

function describe(prompt: Prompt): string {
  const asked = prompt.filter(({ role }) => role === 'user');
  return (
    `You said “${textOf(asked.at(-1))}”. I am a mock model: I run without an API key and answer word by word, so that you can ` +
    `watch the stream. Fastpaca gave me ${prompt.length} ${prompt.length === 1 ? 'message' : 'messages'} of this ` +
    `conversation, ${asked.length} of them yours, and stores this answer when it is complete, even if you close the tab now.`
  );
}

async function* say(text: string): AsyncGenerator<StreamPart> {
  yield { type: 'text-start', id: 'answer' };
  for (const word of text.split(/(?<= )/)) {
    await delay(WORD_MS);
    yield { type: 'text-delta', id: 'answer', delta: word };
  }
  yield { type: 'text-end', id: 'answer' };
}

function finish(reason: 'stop' | 'tool-calls'): StreamPart {
  return {
    type: 'finish',
    finishReason: { unified: reason, raw: reason },
    usage: {
      inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: undefined, text: undefined, reasoning: undefined },
    },
  };
}

function streamOf(parts: AsyncGenerator<StreamPart>): ReadableStream<StreamPart> {
  return new ReadableStream({
    async pull(controller) {
      const next = await parts.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
  });
}
