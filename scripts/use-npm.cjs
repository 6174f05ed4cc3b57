// .yarnrc.yml makes Yarn run this file instead of itself.
console.error('Fastpaca needs npm, and this is Yarn: run "npm start" instead.');
process.exit(1);
