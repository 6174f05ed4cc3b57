import { openai } from '@ai-sdk/openai';
import type { LanguageModel } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { setTimeout as delay } from 'node:timers/promises';

type DoStream = InstanceType<typeof MockLanguageModelV4>['doStream'];
type StreamResult = Awaited<ReturnType<DoStream>>;
type StreamPart = StreamResult['stream'] extends ReadableStream<infer Part> ? Part : never;

/** OpenAI's model if there is a key, else a mock. */
export const model: LanguageModel = process.env.OPENAI_API_KEY
  ? openai(process.env.OPENAI_MODEL ?? 'gpt-4o-mini')
  : new MockLanguageModelV4({
      modelId: 'local-mock',
      doStream: ({ prompt }) => Promise.resolve({ stream: streamOf(say(answerTo(prompt))) }),
    });

/** Pause between two words, in milliseconds. */
const WORD_MS = Number(process.env.MOCK_WORD_MS ?? 40);

function answerTo(prompt: readonly { role: string; content: unknown }[]): string {
  const asked = prompt.filter(({ role }) => role === 'user');
  const content = asked.at(-1)?.content as { type: string; text?: string }[];
  const text = content.map((part) => part.text ?? '').join(' ');
  return (
    `You said “${text}”. I am a mock model: I run without an API key and answer word by word, so that you can watch the ` +
    `stream. Fastpaca gave me ${prompt.length} ${prompt.length === 1 ? 'message' : 'messages'} of this conversation, ` +
    `${asked.length} of them yours, and stores this answer when it is complete, even if you close the tab now.`
  );
}

async function* say(text: string): AsyncGenerator<StreamPart> {
  yield { type: 'stream-start', warnings: [] };
  yield { type: 'text-start', id: 'answer' };
  for (const word of text.split(/(?<= )/)) {
    await delay(WORD_MS);
    yield { type: 'text-delta', id: 'answer', delta: word };
  }
  yield { type: 'text-end', id: 'answer' };
  yield {
    type: 'finish',
    finishReason: { unified: 'stop', raw: 'stop' },
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
