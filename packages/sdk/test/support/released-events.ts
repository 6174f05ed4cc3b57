import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Events that version 0.1.0 has stored, one per line. */
export function releasedEvents<Event>(file: string): Event[] {
  const path = join(import.meta.dirname, file);
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Event);
}
