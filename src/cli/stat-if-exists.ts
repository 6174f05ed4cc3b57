import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';

/** @returns undefined if there is nothing at this path */
export async function statIfExists(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}
