// The temporary folder of one campaign. It is the working folder of every process that the campaign starts, which makes them
// easy to find. A second process (sweep.mjs) waits for the end of the campaign, ends those processes and removes the folder.
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class RunFolder {
  static async create() {
    const folder = new RunFolder();
    folder.path = await mkdtemp(join(tmpdir(), 'fastpaca-campaign-'));
    await chmod(folder.path, 0o711); // PostgreSQL runs as another user when the campaign runs as root
    // Detached, because Ctrl-C must not end the sweeper. Its standard input ends with the process of the campaign.
    folder.sweeper = spawn(process.execPath, [join(import.meta.dirname, 'sweep.mjs'), folder.path], {
      detached: true,
      cwd: '/',
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    folder.swept = new Promise((resolve) => folder.sweeper.once('exit', resolve));
    return folder;
  }

  /** Creates a folder inside. */
  async make(name) {
    const path = join(this.path, name);
    await mkdir(path, { recursive: true });
    return path;
  }

  /** Ends the processes that still run in the folder, and removes the folder. */
  async remove() {
    this.sweeper.stdin.end();
    await this.swept;
  }
}
