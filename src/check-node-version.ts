// The first import of every program: an older Node.js ends here, with one line, before it loads what it cannot run.
// That is why this file imports nothing.

/** The supported releases, as `engines` in package.json has them. */
const SUPPORTED = '^22.21.0 || ^24.11.0 || ^26.0.0';

/** @param version such as `22.21.0` */
export function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return SUPPORTED.split(' || ').some((range) => {
    const [line = 0, oldest = 0] = range.slice(1).split('.').map(Number);
    return major === line && minor >= oldest;
  });
}

const { node } = process.versions;
if (!isSupported(node)) {
  console.error(
    `Fastpaca needs Node.js 22, 24 or 26 (${SUPPORTED}); this is ${node} (${process.execPath}). ` +
      'Install one of these, or run it by "npm start", which brings its own.',
  );
  process.exit(1);
}
