/** The exports of the AI SDK that are used. Each is checked before use: the major versions differ, and none exports its version. */
export interface AiModule {
  /** Returns an array in AI SDK 5, a promise of one in 6 and 7. */
  convertToModelMessages?: (messages: unknown[]) => unknown;
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

/** AI SDK 7 throws for a system message among `messages`, unless it is called with `allowSystemInMessages`. */
export function rejectsSystemMessages(ai: AiModule | undefined): boolean {
  // Nothing tells this directly. This export was added in the same major version.
  return typeof ai?.toUIMessageStream === 'function';
}
