/**
 * Reads a response in the UI message stream protocol.
 *
 * @returns its chunks, and whether it ended with `[DONE]` as the protocol requires
 */
export async function readSse(response: Response): Promise<{ chunks: any[]; isDone: boolean }> {
  const lines = (await response.text()).split('\n\n').filter((line) => line !== '');
  const data = lines.map((line) => line.replace(/^data: /, ''));
  const isDone = data.at(-1) === '[DONE]';
  return { chunks: (isDone ? data.slice(0, -1) : data).map((json) => JSON.parse(json)), isDone };
}

/** The text of all `text-delta` chunks. */
export function textOf(chunks: any[]): string {
  return chunks
    .filter(({ type }) => type === 'text-delta')
    .map(({ delta }) => delta)
    .join('');
}
