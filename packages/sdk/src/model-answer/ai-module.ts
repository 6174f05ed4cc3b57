import type { AiSdkVersion } from '@fastpaca/messages';

/** The exports of the AI SDK that are used. Each is checked before use: the major versions differ, and none exports its version. */
export interface AiModule {
  /** Returns an array in AI SDK 5, a promise of one in 6 and 7. */
  convertToModelMessages?: (messages: unknown[]) => unknown;
  /** Yields a UI message as it grows with the chunks of a stream. */
  readUIMessageStream?: (options: Record<string, unknown>) => AsyncIterable<unknown>;
  /** Exists since AI SDK 7. */
  toUIMessageStream?: (options: Record<string, unknown>) => ReadableStream<unknown>;
}

/** Loads the AI SDK. Returns undefined if it is not installed. */
export async function loadAi(): Promise<AiModule | undefined> {
  // A `try` directly around the `import` tells bundlers that the module is optional.
  try {
    return (await import('ai')) as unknown as AiModule;
  } catch {
    return undefined;
  }
}

/** The major version, by what distinguishes the versions. */
export function aiVersion(ai: AiModule | undefined): AiSdkVersion | undefined {
  if (!ai) return undefined;
  if (typeof ai.toUIMessageStream === 'function') return 7;
  return Array.isArray(ai.convertToModelMessages?.([])) ? 5 : 6;
}
