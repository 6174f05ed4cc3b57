#!/usr/bin/env node
import '../check-node-version.js';
import 'reflect-metadata';

// A dynamic import: Node.js links all static imports before it runs the first one, and an old Node.js fails there.
const { runCommandLine } = await import('./command-line.js');

await runCommandLine(process.argv.slice(2));
