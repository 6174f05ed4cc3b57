// Tokenizers of other providers, as npm `ai-tokenizer` has them: an encoding, and a factor that its authors have measured with the
// answers of the provider.
import Tokenizer, { models } from 'ai-tokenizer';
import * as encodings from 'ai-tokenizer/encoding';

/** The models to compare with: the name that a conversation gives, and the name in `ai-tokenizer`. */
export const OTHER_MODELS = {
  'claude-sonnet-4-5': 'anthropic/claude-sonnet-4.5',
  'gemini-2.5-pro': 'google/gemini-2.5-pro',
};

/** @returns counts the tokens of a text as the provider of the model does */
export function tokenizerOf(model) {
  const { encoding, tokens } = models[OTHER_MODELS[model]];
  const tokenizer = new Tokenizer(encodings[encoding]);
  return (text) => Math.round(tokenizer.count(text) * tokens.contentMultiplier);
}
