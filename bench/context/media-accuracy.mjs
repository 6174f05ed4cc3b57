import {
  claudeImageTokens,
  claudePdfTokens,
  geminiAudioTokens,
  geminiImageTokens,
  geminiPdfTokens,
  openaiAudioTokens,
  openaiImageTokens,
} from './media-formulas.mjs';
import { noisePng, noiseWav, textPdf } from './media-files.mjs';
import { CORPUS } from './corpus.mjs';
import { errorPercent } from './errors.mjs';

const [WIDTH, HEIGHT] = [1600, 1200];
const PAGES = 10;
const SECONDS = 60;

const CASES = [
  ['image of 1 MB', 'gpt-4o', 'image', openaiImageTokens(WIDTH, HEIGHT)],
  ['image of 1 MB', 'gpt-5', 'image', openaiImageTokens(WIDTH, HEIGHT, { base: 70, tile: 140 })],
  ['image of 1 MB', 'claude-sonnet-4-5', 'image', claudeImageTokens(WIDTH, HEIGHT)],
  ['image of 1 MB', 'gemini-2.5-pro', 'image', geminiImageTokens(WIDTH, HEIGHT)],
  ['PDF of 10 pages', 'claude-sonnet-4-5', 'pdf', claudePdfTokens(PAGES)],
  ['PDF of 10 pages', 'gemini-2.5-pro', 'pdf', geminiPdfTokens(PAGES)],
  ['a minute of audio', 'gpt-4o', 'audio', openaiAudioTokens(SECONDS)],
  ['a minute of audio', 'gemini-2.5-pro', 'audio', geminiAudioTokens(SECONDS)],
];

/** One row per file and model. Files are sent as file parts of the AI SDK. */
export async function measureMedia(client) {
  const files = {
    image: filePart('image/png', noisePng(WIDTH, HEIGHT)),
    pdf: filePart('application/pdf', textPdf(PAGES, CORPUS.English)),
    audio: filePart('audio/wav', noiseWav(SECONDS)),
  };
  const rows = [];
  for (const [what, model, file, provider] of CASES) {
    const id = `media-${file}-${model}`;
    const knowsModels = await client.create(id, { token_budget: 1_000_000, model });
    if (!knowsModels) await client.create(id, { token_budget: 1_000_000 });
    const empty = await client.append(id, [{ role: 'user', content: '' }]);
    const estimate = (await client.append(id, [{ role: 'user', parts: [files[file]] }])) - empty;
    rows.push({ what, model, provider, estimate, 'error, %': errorPercent(estimate, provider) });
  }
  return rows;
}

function filePart(mediaType, bytes) {
  return { type: 'file', mediaType, data: bytes.toString('base64') };
}
