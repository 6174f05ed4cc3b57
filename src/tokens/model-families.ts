import type { EncodingName } from './text-counter.js';
import {
  claudePatches,
  geminiFixed,
  geminiTiles,
  openAiPatches,
  openAiTiles,
  unknownImage,
  type ImageFormula,
  type ImageSize,
} from './media/image-formulas.js';

/** How the models of one family count. */
export interface ModelFamily {
  /** Undefined: the estimator that the service is configured with. */
  readonly encoding?: EncodingName;
  /** Tokens of the model per token of the encoding; 1 for the model's own encoding. */
  readonly factor: number;
  readonly imageTokens: ImageFormula;
  readonly pdfPageTokens: number;
  readonly audioTokensPerSecond: number;
}

/** An A4 or Letter page as providers render it, in pixels. */
const PAGE: ImageSize = { width: 1275, height: 1650 };

/** Tokens of the text of a page that is full of it: measured 461 for gpt-5 (data set pdf-token-cost on huggingface.co). */
const PAGE_TEXT_TOKENS = 500;

/**
 * OpenAI. Audio: a token per 100 ms of a user's (developers.openai.com, "Managing costs" of the Realtime API). A page of a PDF is its
 * text and an image of it (developers.openai.com, "File inputs").
 */
function openAi(imageTokens: ImageFormula, encoding: EncodingName = 'o200k_base'): ModelFamily {
  const pdfPageTokens = PAGE_TEXT_TOKENS + imageTokens(PAGE);
  return { encoding, factor: 1, imageTokens, pdfPageTokens, audioTokensPerSecond: 10 };
}

/**
 * Claude. Text: the vocabulary that Anthropic has published, with the factor that npm `ai-tokenizer` 1.0.6 found against answers of
 * the API, for Claude 3 to 4.5: 98–99.8 % right. A page of a PDF: 1,500–3,000 tokens with its image (platform.claude.com, "PDF
 * support"); 2,098–2,478 were measured (data set pdf-token-cost on huggingface.co). Claude reads no audio.
 */
function claude(imageTokens: ImageFormula): ModelFamily {
  return { encoding: 'claude', factor: 1.1, imageTokens, pdfPageTokens: 2250, audioTokensPerSecond: 10 };
}

/**
 * Gemini. Text: the factor of `ai-tokenizer` 1.0.6 over o200k_base; 98.4–99.9 % right. Audio: 32 tokens per second (ai.google.dev,
 * "Understand and count tokens").
 */
function gemini(imageTokens: ImageFormula, pdfPageTokens: number): ModelFamily {
  return { encoding: 'o200k_base', factor: 1.08, imageTokens, pdfPageTokens, audioTokensPerSecond: 32 };
}

/** Families whose text is near to an encoding of OpenAI, says `ai-tokenizer` 1.0.6, and whose images have no common formula. */
function near(encoding?: EncodingName): ModelFamily {
  return {
    ...(encoding && { encoding }),
    factor: 1,
    imageTokens: unknownImage,
    pdfPageTokens: 2000,
    audioTokensPerSecond: 10,
  };
}

const TILES_OF_GPT_4O = openAiTiles(85, 170);

/** Conversations without a model count as for gpt-4o, but text with the configured estimator. */
export const DEFAULT_FAMILY: ModelFamily = withoutEncoding(openAi(TILES_OF_GPT_4O));

/** Models that are in no family. */
const UNKNOWN_FAMILY = near();

/** Claude up to 4.6, by the version in the name. A date behind it is no version; a name without one is the newest model. */
const claudeBefore47 = {
  test(name: string): boolean {
    const [, major, minor = '0'] =
      /claude-(?:[a-z]+-)*(\d{1,2})(?!\d)(?:[-.](\d{1,2})(?!\d))?/.exec(name) ?? [];
    const isOld = major !== undefined && Number(major) * 100 + Number(minor) < 407;
    return isOld || name.includes('claude-instant');
  },
};

/** The first row that a name in lower case matches decides. Prefixes such as `openai/`, `us.anthropic.` or `ft:` are ignored. */
const FAMILIES: readonly (readonly [{ test(name: string): boolean }, ModelFamily])[] = [
  [/gpt-?3|gpt-4(?![o.\d])|text-embedding/, openAi(TILES_OF_GPT_4O, 'cl100k_base')],
  [/gpt-4o-mini/, openAi(openAiTiles(2833, 5667))],
  [/gpt-(4\.1|[5-9]).*-mini/, openAi(openAiPatches(1.62))],
  [/gpt-(4\.1|[5-9]).*-nano/, openAi(openAiPatches(2.46))],
  [/\bo4-mini/, openAi(openAiPatches(1.72))],
  [/gpt-[5-9]/, openAi(openAiTiles(70, 140))],
  [/\bo[13]\b/, openAi(openAiTiles(75, 150))],
  [/gpt|\bo\d\b|codex/, openAi(TILES_OF_GPT_4O)],
  [claudeBefore47, claude(claudePatches(1568, 1568))],
  [/claude/, claude(claudePatches(2576, 4784))],
  // ai.google.dev, "Media resolution": 560 tokens for a page, by default. Measured: 560.
  [/gemini-(?:[a-z]+-)*([3-9]|\d\d)/, gemini(geminiFixed, 560)],
  [/gemini|gemma/, gemini(geminiTiles, 258)],
  [
    /qwen|qwq|(?<!o)llama|mistral|mixtral|ministral|magistral|codestral|devstral|pixtral|nova|glm-?4|grok-2/,
    near('cl100k_base'),
  ],
  [/deepseek|grok|kimi/, near('o200k_base')],
];

/** Families by model: a service sees few models, but a caller may name any. */
const known = new Map<string, ModelFamily>();
const MAX_KNOWN = 1000;

/** Longer names are cut before they are compared with the patterns. */
const MAX_NAME_CHARS = 128;

/** @param model null or undefined if the conversation has none */
export function familyOf(model: string | null | undefined): ModelFamily {
  if (model === null || model === undefined) return DEFAULT_FAMILY;
  let family = known.get(model);
  if (!family) {
    const name = model.slice(0, MAX_NAME_CHARS).toLowerCase();
    family = FAMILIES.find(([pattern]) => pattern.test(name))?.[1] ?? UNKNOWN_FAMILY;
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(model, family);
  }
  return family;
}

function withoutEncoding({ encoding: _, ...family }: ModelFamily): ModelFamily {
  return family;
}
