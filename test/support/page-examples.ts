import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { TestService } from './test-service.js';

/** The code blocks of one language in the text of a page, in order. */
export function codeBlocks(text: string, language: string): string[] {
  return Array.from(
    text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm')),
    ([, code]) => code ?? '',
  );
}

/** Replaces timestamps, which differ between a page and a response. */
export function withoutTimes(text: string): unknown {
  return JSON.parse(text, (key, value) => (key.endsWith('_at') ? 'a time' : value));
}

/** A command of a page with the address of `service`. It fails if the response is not a 2xx. */
export function commandFor(command: string, service: TestService): string {
  const here = command.replaceAll('http://localhost:4000', service.url);
  return `set -e; ${here.replace('curl', 'curl -sS --fail-with-body')}`;
}

/** @returns what the command prints */
export async function runCommand(command: string, service: TestService): Promise<string> {
  return (await promisify(execFile)('bash', ['-c', commandFor(command, service)])).stdout;
}
