// How often a window extends the one before, and what the input costs. Each table has a row per policy and budget.
import { DIALECTS } from './dialects.mjs';
import { longConversation } from './long-conversation.mjs';
import { modelCalls } from './model-calls.mjs';
import { CHOICE_ROWS, LONG_ROWS, RECORDED_ROWS, TEXT_ROWS } from './policies.mjs';
import { PRICE_MODEL } from './prices.mjs';
import { recordedConversations } from './recorded-conversations.mjs';
import { replay } from './replay.mjs';

/** Prints the tables of recorded conversations and of long ones. */
export async function measurePrefixes(client, { turns, recorded }) {
  console.log(`\n${PRICE_MODEL}\n`);

  const conversations = (await recordedConversations(recorded)).map((messages) =>
    modelCalls(messages).map((call) => DIALECTS['ai-sdk'](call)),
  );
  console.log(`${conversations.length} recorded conversations of an airline's assistant, as AI SDK messages`);
  console.table(await replay(client, 'recorded', conversations, RECORDED_ROWS));

  await measureLong(client, 'tools', turns, LONG_ROWS);
  console.log(`A conversation of ${turns} turns, text only`);
  const textOnly = modelCalls(longConversation(turns, { tools: false }));
  console.table(await replay(client, 'text', [textOnly], TEXT_ROWS));
}

/** Prints the table of other settings. */
export async function measureChoices(client, { turns }) {
  await measureLong(client, 'choices', turns, CHOICE_ROWS);
}

async function measureLong(client, name, turns, rows) {
  console.log(`A conversation of ${turns} turns, every third with a tool call`);
  console.table(await replay(client, name, [modelCalls(longConversation(turns))], rows));
}
