/**
 * Waits for `work` at most `timeoutMs` milliseconds. Later it goes on, and what becomes of it is not heard here.
 *
 * @param onLate called when the time is over; gives the error to throw
 */
export async function withTimeLimit<T>(work: Promise<T>, timeoutMs: number, onLate: () => Error): Promise<T> {
  let timeout: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timeout = setTimeout(() => reject(onLate()), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timeout);
  }
}
