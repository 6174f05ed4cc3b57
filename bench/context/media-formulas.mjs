// What providers bill for media, written from their documentation of November 2026 and not from the service.

/** OpenAI, vision guide: tiles of 512 pixels after fitting into 2,048 × 2,048 and scaling the short side to 768. */
export function openaiImageTokens(width, height, { base = 85, tile = 170 } = {}) {
  const fit = Math.min(1, 2048 / Math.max(width, height));
  const scale = fit * Math.min(1, 768 / (Math.min(width, height) * fit));
  return base + tile * Math.ceil((width * scale) / 512) * Math.ceil((height * scale) / 512);
}

/** Anthropic, vision page: patches of 28 pixels, after scaling to at most 1,568 pixels and 1,568 patches. */
export function claudeImageTokens(width, height) {
  let scale = Math.min(1, 1568 / Math.max(width, height));
  const patches = () => Math.ceil((width * scale) / 28) * Math.ceil((height * scale) / 28);
  while (patches() > 1568) scale *= 0.999;
  return patches();
}

/** Google, tokens page: 258 for a small image, else 258 for each tile of 768 pixels. */
export function geminiImageTokens(width, height) {
  if (width <= 384 && height <= 384) return 258;
  return 258 * Math.ceil(width / 768) * Math.ceil(height / 768);
}

/** Google, tokens page: 32 a second. */
export function geminiAudioTokens(seconds) {
  return 32 * seconds;
}

/** Google, document understanding: 258 a page. */
export function geminiPdfTokens(pages) {
  return 258 * pages;
}

/** Anthropic, PDF support: a page is typically 1,500 to 3,000 tokens; the middle. */
export function claudePdfTokens(pages) {
  return 2250 * pages;
}

/** OpenAI, audio: a token for 100 ms of a user message. */
export function openaiAudioTokens(seconds) {
  return 10 * seconds;
}
