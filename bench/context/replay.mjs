// Replays a conversation call by call: appends what is new, and reads the window of every policy and budget.
import { setTimeout as delay } from 'node:timers/promises';
import { InputCost } from './prices.mjs';
import { hasFirstEvent, isExtendedBy, messagesText } from './window-text.mjs';

/** What is measured of the windows of one policy and budget, over all conversations that are replayed. */
class WindowFigures {
  windows = 0;
  followers = 0;
  extending = 0;
  withFirstEvent = 0;
  conversations = 0;
  endsWithFirstEvent = 0;
  costs = [];

  /** Starts the next conversation. */
  begin() {
    this.before = undefined;
    this.costs.push(new InputCost());
  }

  add(json, newTokens) {
    const messages = messagesText(json);
    const { used_tokens: tokens } = JSON.parse(`{${json.slice(json.lastIndexOf('"used_tokens":'))}`);
    this.windows += 1;
    if (this.before !== undefined) this.followers += 1;
    if (this.before !== undefined && isExtendedBy(this.before, messages)) this.extending += 1;
    if (hasFirstEvent(messages)) this.withFirstEvent += 1;
    this.costs.at(-1).add(messages, tokens, newTokens);
    this.before = messages;
  }

  end() {
    this.conversations += 1;
    if (hasFirstEvent(this.before)) this.endsWithFirstEvent += 1;
  }

  /** The row of a table. */
  toRow() {
    const sum = (valueOf) => this.costs.reduce((total, cost) => total + valueOf(cost), 0);
    const tokens = sum((cost) => cost.tokens);
    const anthropic = sum((cost) => cost.anthropic);
    return {
      windows: this.windows,
      'extend the one before': percent(this.extending, this.followers),
      'Anthropic ÷ uncached': ratio(anthropic, tokens),
      'Anthropic ÷ prefix never changes': ratio(
        anthropic,
        sum((cost) => cost.unchanged),
      ),
      'OpenAI 0.1 ÷ uncached': ratio(
        sum((cost) => cost.openai[0]),
        tokens,
      ),
      'OpenAI 0.5 ÷ uncached': ratio(
        sum((cost) => cost.openai[1]),
        tokens,
      ),
      'first event in': percent(this.withFirstEvent, this.windows),
      'first event in last window': percent(this.endsWithFirstEvent, this.conversations),
      'tokens a window': Math.round(tokens / this.windows),
    };
  }
}

/**
 * Replays conversations under each policy. The policies are replayed at the same time, independently of each other.
 *
 * @param client of the service
 * @param conversations per conversation, what is appended before each call of the model: events
 * @param rows policies; a row whose policy the service does not know is left out
 * @returns one row of a table per policy and budget
 */
export async function replay(client, name, conversations, rows) {
  const replayed = rows.map((row) => replayRow(client, name, conversations, row));
  return (await Promise.all(replayed)).flat();
}

async function replayRow(client, name, conversations, { name: policyName, policy, budgets, pauseMs }) {
  const figures = budgets.map(() => new WindowFigures());
  for (const [index, calls] of conversations.entries()) {
    const id = `${name}-${policyName}-${index}`;
    if (!(await client.create(id, { token_budget: Math.max(...budgets), policy }))) return [];
    for (const each of figures) each.begin();
    for (const events of calls) {
      const newTokens = await client.append(id, events);
      for (const [which, budget] of budgets.entries())
        figures[which].add(await client.windowText(id, budget), newTokens);
      if (pauseMs !== undefined) await delay(pauseMs);
    }
    for (const each of figures) each.end();
  }
  return budgets.map((budget, which) => ({ policy: policyName, budget, ...figures[which].toRow() }));
}

function percent(part, whole) {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;
}

function ratio(part, whole) {
  return `×${(part / whole).toFixed(3)}`;
}
