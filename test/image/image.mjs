import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './programs.mjs';

/** Name under which the README builds and runs the image. */
export const IMAGE = 'fastpaca';

/** Builds the image of this checkout, with the npm registry of this machine. */
export async function buildImage(containers, base) {
  const secrets = await mkdtemp(join(tmpdir(), 'fastpaca-secrets-'));
  try {
    // The OCI format has no health check.
    const options = ['--format', 'docker', ...(await registrySecrets(secrets))];
    await containers.build(IMAGE, { folder: '.', base, options });
  } finally {
    await rm(secrets, { recursive: true });
  }
}

/** The settings of npm on this machine that decide which registry it asks, as secrets of the build. */
async function registrySecrets(folder) {
  const [registry, cafile] = await Promise.all(['registry', 'cafile'].map(npmSetting));
  const [npmrc, ca] = [join(folder, 'npmrc'), join(folder, 'ca')];
  await writeFile(npmrc, `registry=${registry}\n${cafile ? 'cafile=/run/secrets/ca\n' : ''}`);
  await writeFile(ca, cafile ? await readFile(cafile) : '');
  return ['--secret', `id=npmrc,src=${npmrc}`, '--secret', `id=ca,src=${ca}`];
}

async function npmSetting(name) {
  const value = await run(process.execPath, [process.env.npm_execpath, 'config', 'get', name]);
  return value === 'null' || value === 'undefined' ? undefined : value;
}

/** Checks that the image holds what the service needs at run time and nothing else. */
export async function checkContents({ containers, checks }) {
  await checks.check(
    'the image contains no development packages, sources or secrets of the build, and no second Node.js',
    async () => {
      const lock = JSON.parse(await readFile('package-lock.json', 'utf8'));
      const development = Object.entries(lock.packages)
        .filter(([path, { dev }]) => dev && path.startsWith('node_modules/'))
        .map(([path]) => path);
      const unwanted = [
        'node_modules/node',
        'node_modules/.bin/node',
        'src',
        'test',
        'packages/local-postgres/src',
        'packages/messages/src',
        '/root/.npmrc',
        '/run/secrets/ca',
      ];
      const script = 'for path; do if [ -e "$path" ]; then echo "$path"; fi; done';
      const paths = [...development, ...unwanted];
      const found = await containers.podman('run', '--rm', IMAGE, 'sh', '-c', script, 'sh', ...paths);
      if (found) throw new Error(`found in the image:\n${found}`);
    },
  );
}

/** @returns lines with the size of the image, and of each layer that is not empty */
export async function sizes(containers) {
  const total = await containers.podman('image', 'inspect', '--format', '{{.Size}}', IMAGE);
  const text = await containers.podman('history', '--no-trunc', '--format', 'json', IMAGE);
  const history = JSON.parse(text.replaceAll('/bin/sh -c #(nop) ', ''));
  const layers = history.filter(({ size }) => size > 100_000).reverse();
  return [
    `${megabytes(total)}  ${IMAGE}`,
    ...layers.map((layer) => `${megabytes(layer.size)}  ${layer.CreatedBy}`),
  ];
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1).padStart(6)} MB`;
}
