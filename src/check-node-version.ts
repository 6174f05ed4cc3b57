// The first import of every program: on an unsupported Node.js the program ends here with one line, before it loads
// modules that would fail. This file therefore imports nothing.

/** Equal to `engines` in package.json. */
const SUPPORTED = '^22.21.0 || ^24.11.0 || ^26.0.0';

/** @param version such as `22.21.0` */
export function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return SUPPORTED.split(' || ').some((range) => {
    const [supportedMajor = 0, minMinor = 0] = range.slice(1).split('.').map(Number);
    return major === supportedMajor && minor >= minMinor;
  });
}

const { node } = process.versions;
if (!isSupported(node)) {
  console.error(
    `Fastpaca needs Node.js 22, 24 or 26 (${SUPPORTED}); this is ${node} (${process.execPath}). ` +
      'Install one of these, or use "npm start", which runs on its own copy of Node.js.',
  );
  process.exit(1);
}
