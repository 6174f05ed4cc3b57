import './check-node-version.js';
import 'reflect-metadata';

// A dynamic import, so that the version check runs first: static imports are linked before any module runs, and on an old
// Node.js linking already fails.
const { bootstrap } = await import('./bootstrap.js');
await bootstrap();
