/** What is used of the AI SDK. Each is looked for before it is used: the majors differ, and a version number says nothing. */
export interface AiModule {
  /** An array in 5, a promise of one in 6 and 7. */
  convertToModelMessages?: (messages: unknown[]) => unknown;
  /** From 7 on. */
  toUIMessageStream?: (options: Record<string, unknown>) => ReadableStream<unknown>;
}

/** The AI SDK, if it is installed. */
export async function loadAi(): Promise<AiModule | undefined> {
  // A `try` around the very `import` also tells bundlers that it may be missing.
  try {
    return (await import('ai')) as unknown as AiModule;
  } catch {
    return undefined;
  }
}

/** AI SDK 7 throws at a system message among `messages`, unless it is told `allowSystemInMessages`. */
export function refusesSystemMessages(ai: AiModule | undefined): boolean {
  // There is nothing to ask about this itself; this function came with the same major.
  return typeof ai?.toUIMessageStream === 'function';
}
