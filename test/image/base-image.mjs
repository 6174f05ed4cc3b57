import { cp, copyFile, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from './programs.mjs';

const SUITE = 'bookworm';
const MIRROR = 'http://deb.debian.org/debian';
/** Removed from node:24-slim too. */
const DOCUMENTS = ['usr/share/doc', 'usr/share/man', 'usr/share/info', 'usr/share/locale'];
const CACHES = ['var/cache/apt', 'var/lib/apt/lists', 'var/log'];

/**
 * Builds an image like node:24-slim, which cannot be pulled everywhere: a minimal Debian, this Node.js with this npm, and a
 * user "node" with the id 1000. Does nothing if the image exists.
 *
 * @returns the name of the image; it contains the version of Node.js
 */
export async function baseImage(containers) {
  const name = `localhost/node:${process.versions.node}-slim`;
  if (!(await containers.hasImage(name))) await build(containers, name);
  await containers.podman('tag', name, 'localhost/node:24-slim');
  return 'localhost/node:24-slim';
}

async function build(containers, name) {
  const root = await mkdtemp(join(tmpdir(), 'fastpaca-base-'));
  try {
    await run('debootstrap', ['--variant=minbase', SUITE, root, MIRROR], { echo: true });
    await installNode(join(root, 'usr/local'));
    await run('chroot', [root, 'groupadd', '--gid', '1000', 'node']);
    const user = ['--uid', '1000', '--gid', 'node', '--shell', '/bin/bash', '--create-home', 'node'];
    await run('chroot', [root, 'useradd', ...user]);
    for (const folder of [...DOCUMENTS, ...CACHES])
      await run('find', [join(root, folder), '-type', 'f', '-delete']);
    await importImage(containers, root, name);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Copies the Node.js and the npm that run this program. */
async function installNode(prefix) {
  const npm = dirname(dirname(process.env.npm_execpath));
  await copyFile(process.execPath, join(prefix, 'bin/node'));
  await cp(npm, join(prefix, 'lib/node_modules/npm'), { recursive: true });
  for (const program of ['npm', 'npx']) {
    await symlink(`../lib/node_modules/npm/bin/${program}-cli.js`, join(prefix, 'bin', program));
  }
}

async function importImage(containers, root, name) {
  const archive = `${root}.tar`;
  try {
    await run('tar', ['--create', '--file', archive, '--directory', root, '.']);
    await containers.podman('import', '--change', 'CMD ["node"]', archive, name);
  } finally {
    await rm(archive, { force: true });
  }
}
