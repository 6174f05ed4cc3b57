// `npm run test:image`: builds the image, runs the README's quickstart against a container of it, and starts the services of
// compose.yaml. Needs root, a few Debian packages, and port 4000; docs/operations.md, "Container", says which. It keeps its images,
// containers and volumes in a folder of its own.
import { baseImage } from './base-image.mjs';
import { Checks } from './checks.mjs';
import { checkCompose } from './compose.mjs';
import { Containers } from './containers.mjs';
import { buildImage, checkContents, IMAGE, sizes } from './image.mjs';
import { missingRequirement } from './programs.mjs';
import { checkForeignFolder, checkQuickstart } from './quickstart.mjs';

const FOLDER = '/var/tmp/fastpaca-test-image';
/** Debian's PostgreSQL, in the place of the official image that compose.yaml names. */
const POSTGRES = 'localhost/postgres';

const problem = missingRequirement();
if (problem) {
  console.error(problem);
  process.exit(1);
}

const containers = new Containers(FOLDER);
const checks = new Checks();
const context = { containers, checks, images: { [IMAGE]: IMAGE, 'postgres:18': POSTGRES } };

await containers.removeAll();
try {
  const base = await baseImage(containers);
  const isBuilt = await checks.check('the image builds', () => buildImage(containers, base));
  if (isBuilt) {
    await checkContents(context);
    await checkForeignFolder(context);
    const readyMs = await checkQuickstart(context);
    await containers.removeAll();
    await containers.build(POSTGRES, { folder: 'test/image/postgres', base });
    await checkCompose(context);
    report(await sizes(containers), readyMs);
  }
} finally {
  await containers.removeAll();
}
console.log(`${checks.passed} passed, ${checks.failed} failed`);
process.exitCode = checks.failed ? 1 : 0;

function report(sizeLines, readyMs) {
  console.log(sizeLines.join('\n'));
  for (const [kind, ms] of Object.entries(readyMs)) console.log(`ready after ${ms} ms with ${kind}`);
}
