/**
 * Waits for `work` at most `timeoutMs` milliseconds. Work that takes longer is not cancelled; its result is ignored.
 *
 * @param onTimeout called after `timeoutMs`; returns the error to throw
 */
export async function withTimeLimit<T>(
  work: Promise<T>,
  timeoutMs: number,
  onTimeout: () => Error,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(onTimeout()), timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
