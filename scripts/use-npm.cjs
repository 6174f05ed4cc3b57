// Yarn runs this in its own place, as .yarnrc.yml tells it, before it does anything.
console.error('Fastpaca is installed and run by npm, and this is yarn: run "npm start" instead.');
process.exit(1);
