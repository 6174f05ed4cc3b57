import { readFile } from 'node:fs/promises';

/** The commands and the responses that the README prints, each list in its order. */
export async function readReadme() {
  const text = await readFile('README.md', 'utf8');
  const commands = blocks(text, 'bash').map((block) => block.trim());
  const dockerLines = commands
    .flatMap((block) => block.split('\n'))
    .filter((line) => line.startsWith('docker '));
  const quickstart = section(text, 'Quickstart');
  return {
    dockerRun: dockerLines.find((line) => line.startsWith('docker run ')),
    requests: blocks(quickstart, 'bash').filter((block) => block.startsWith('curl ')),
    responses: blocks(quickstart, 'json'),
  };
}

function section(text, title) {
  const start = text.indexOf(`\n## ${title}\n`);
  return text.slice(start, text.indexOf('\n## ', start + 1));
}

function blocks(text, language) {
  return Array.from(
    text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm')),
    ([, code]) => code,
  );
}

/** A response with its times replaced: the README cannot know them. */
export function withoutTimes(text) {
  return JSON.parse(text, (key, value) => (key.endsWith('_at') ? 'a time' : value));
}
