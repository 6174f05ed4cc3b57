import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The shell commands in the text of a page, one entry per code block. */
export function printedCommands(page: string): string[] {
  return Array.from(page.matchAll(/^```bash\n([\s\S]*?)^```/gm), ([, commands]) => commands ?? '');
}

/**
 * Runs commands that a page prints, without network. `npm pack` packs what `npm test` has built.
 *
 * @param tmp folder that stands for /tmp in the commands
 */
export async function runPrinted(
  commands: string,
  { cwd, tmp }: { cwd: string; tmp: string },
): Promise<void> {
  const npmSettings = { npm_config_ignore_scripts: 'true', npm_config_offline: 'true' };
  const env = { ...process.env, NODE_OPTIONS: '', ...npmSettings };
  await promisify(execFile)('bash', ['-ec', commands.replaceAll('/tmp', tmp)], { cwd, env });
}
