/** Pixels of an image. */
export interface ImageSize {
  width: number;
  height: number;
}

/**
 * The tokens of an image.
 *
 * @param size undefined if it is not known: the image is a link or a file of the provider, or of an unknown format
 * @param detail `detail` of OpenAI; other providers ignore it
 */
export type ImageFormula = (size: ImageSize | undefined, detail?: string) => number;

/** Tokens of an image whose size or model is unknown: about what a picture of a phone costs at every provider. */
export const UNKNOWN_IMAGE_TOKENS = 1600;

/** For models without a published formula. */
export const unknownImage: ImageFormula = () => UNKNOWN_IMAGE_TOKENS;

/**
 * OpenAI models that see tiles: the image is scaled down into 2048 × 2048 and then to a short side of 768; every tile of 512 pixels
 * costs. `detail: low` costs the base only.
 *
 * Source: developers.openai.com, guide "Images and vision", calculating costs.
 */
export function openAiTiles(base: number, perTile: number): ImageFormula {
  return (size, detail) => {
    if (detail === 'low') return base;
    if (!size) return UNKNOWN_IMAGE_TOKENS;
    const fitted = scaled(size, 2048 / longSide(size));
    const { width, height } = scaled(fitted, 768 / shortSide(fitted));
    return base + perTile * cells(width, 512) * cells(height, 512);
  };
}

/**
 * OpenAI models that see patches of 32 pixels: an image of more than 1536 patches is scaled down until it has at most so many whole
 * ones. `detail: low` sees 512 × 512 pixels.
 *
 * Source: developers.openai.com, guide "Images and vision", calculating costs.
 */
export function openAiPatches(multiplier: number): ImageFormula {
  return (size, detail) => {
    if (!size) return UNKNOWN_IMAGE_TOKENS;
    const seen = detail === 'low' ? scaled(size, 512 / longSide(size)) : size;
    return Math.ceil(patches(seen) * multiplier);
  };
}

const MAX_PATCHES = 1536;

function patches({ width, height }: ImageSize): number {
  const count = cells(width, 32) * cells(height, 32);
  if (count <= MAX_PATCHES) return count;
  const shrink = Math.sqrt((32 * 32 * MAX_PATCHES) / (width * height));
  const [across, down] = [(width * shrink) / 32, (height * shrink) / 32];
  // So many whole patches that neither side has a part of one.
  const whole = Math.min(wholePart(across), wholePart(down));
  return Math.min(MAX_PATCHES, Math.ceil(across * whole) * Math.ceil(down * whole));
}

function wholePart(count: number): number {
  return count < 1 ? 1 : Math.floor(count) / count;
}

/**
 * Claude: patches of 28 pixels, after the image is scaled down to at most `maxSide` pixels and `maxTokens` patches.
 *
 * Source: platform.claude.com, "Vision", calculate image costs.
 */
export function claudePatches(maxSide: number, maxTokens: number): ImageFormula {
  return (size) => {
    if (!size) return UNKNOWN_IMAGE_TOKENS;
    const { width, height } = scaled(size, maxSide / longSide(size));
    return Math.min(maxTokens, cells(width, 28) * cells(height, 28));
  };
}

/** Gemini scales larger images down to this many pixels. */
const GEMINI_MAX_SIDE = 3072;

/**
 * Gemini up to 2.5: 258 tokens for an image of at most 384 × 384 pixels, otherwise for every tile of 768 pixels.
 *
 * Source: ai.google.dev, "Understand and count tokens".
 */
export const geminiTiles: ImageFormula = (size) => {
  if (!size) return UNKNOWN_IMAGE_TOKENS;
  if (longSide(size) <= 384) return 258;
  const { width, height } = scaled(size, GEMINI_MAX_SIDE / longSide(size));
  return 258 * cells(width, 768) * cells(height, 768);
};

/**
 * Gemini 3 and later: the same for every size, because the default resolution of the media sets it.
 *
 * Source: ai.google.dev, "Media resolution", token counts: high, the default of images.
 */
export const geminiFixed: ImageFormula = () => 1120;

function longSide({ width, height }: ImageSize): number {
  return Math.max(width, height);
}

function shortSide({ width, height }: ImageSize): number {
  return Math.min(width, height);
}

/** Never enlarges. */
function scaled({ width, height }: ImageSize, factor: number): ImageSize {
  const by = Math.min(1, factor);
  return { width: width * by, height: height * by };
}

/** Tiles or patches along a side; at least one. */
function cells(pixels: number, side: number): number {
  // Scaling may miss a whole number of pixels by a rounding error.
  return Math.max(1, Math.ceil(Math.round(pixels * 1000) / 1000 / side));
}
