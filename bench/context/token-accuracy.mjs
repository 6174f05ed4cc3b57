// How far the service's token counts are from those of the providers.
import { CORPUS } from './corpus.mjs';
import { DIALECTS } from './dialects.mjs';
import { longConversation } from './long-conversation.mjs';
import { measureMedia } from './media-accuracy.mjs';
import { openaiMessageTokens } from './openai-formula.mjs';
import { recordedConversations } from './recorded-conversations.mjs';
import { OTHER_MODELS, tokenizerOf } from './tokenizers.mjs';
import { errorPercent, meanAndWorst } from './errors.mjs';
import { learnedCount } from './usage-reports.mjs';

const BUDGET = 1_000_000;
/** A model whose tokenizer is not known: it counts so many times what the tokenizer of its family counts. */
const UNKNOWN_TOKENIZER = 1.25;

/** Prints a table per kind of content. */
export async function measureTokens(client, { recorded }) {
  console.log("\nWhole conversations with tools: token_estimate against OpenAI's formula");
  console.table(await measureDialects(client, await conversationsWithTools(recorded)));
  console.log(
    '\nTexts: token_estimate against the tokenizer of the model; and used_tokens after five usage reports of a model that counts 1.25 times as much',
  );
  console.table(await measureTexts(client));
  console.log('\nMedia: token_estimate against the formula of the provider');
  console.table(await measureMedia(client));
}

async function conversationsWithTools(recorded) {
  const airline = await recordedConversations(recorded);
  return [
    ...airline.filter((messages) => messages.some(({ role }) => role === 'tool')),
    longConversation(60),
  ];
}

async function measureDialects(client, conversations) {
  const rows = [];
  for (const [dialect, toEvents] of Object.entries(DIALECTS)) {
    const errors = [];
    for (const [index, messages] of conversations.entries()) {
      const id = `tokens-${dialect}-${index}`;
      await client.create(id, { token_budget: BUDGET });
      errors.push(errorPercent(await client.append(id, toEvents(messages)), openaiMessageTokens(messages)));
    }
    rows.push({ dialect, conversations: errors.length, ...meanAndWorst(errors) });
  }
  return rows;
}

async function measureTexts(client) {
  const rows = [];
  for (const model of Object.keys(OTHER_MODELS)) {
    const tokensOf = tokenizerOf(model);
    for (const [name, text] of Object.entries(CORPUS)) {
      const id = `text-${model}-${name}`;
      const knowsModels = await client.create(id, { token_budget: BUDGET, model });
      if (!knowsModels) await client.create(id, { token_budget: BUDGET });
      const empty = await client.append(id, [{ role: 'user', content: '' }]);
      const estimate = (await client.append(id, [{ role: 'user', content: text }])) - empty;
      const counted = (part) => Math.round(tokensOf(part) * UNKNOWN_TOKENIZER);
      const learned = await learnedCount(client, { model, name, text, tokensOf: counted });
      rows.push({
        model,
        class: name,
        provider: tokensOf(text),
        estimate,
        'error, %': errorPercent(estimate, tokensOf(text)),
        ...(learned && {
          '×1.25: error, %': errorPercent(estimate, counted(text)),
          'after five reports, %': errorPercent(learned.tokens, learned.provider),
          token_factor: learned.factor,
        }),
      });
    }
  }
  return rows;
}
