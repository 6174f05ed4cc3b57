import { isPresent, shown, type Located } from '../json.js';
import type { Report } from '../violation.js';
import { isHosted } from './calls.js';
import type { OpenAiResponsesRule } from './rules.js';

type ReasoningReport = Report<OpenAiResponsesRule>;

/** A reasoning item with an id is followed by the item it was produced with, possibly behind more reasoning. */
export function checkFollowers(items: readonly Located[], report: ReasoningReport): void {
  for (const [index, { path, fields }] of items.entries()) {
    if (fields.type !== 'reasoning' || !isPresent(fields.id)) continue;
    const follower = items.slice(index + 1).find((item) => item.fields.type !== 'reasoning');
    if (!follower || !isModelOutput(follower.fields)) {
      report('reasoning-without-follower', path, shown(fields.id));
    }
  }
}

/**
 * An item that the model produced and that has an id needs a reasoning item before it in the same answer. The list of MCP
 * tools is made before the model reasons.
 */
export function checkReasoningOf(items: readonly Located[], report: ReasoningReport): void {
  let hasReasoning = false;
  for (const { path, fields } of items) {
    if (fields.type === 'reasoning') hasReasoning ||= isPresent(fields.id);
    else if (!isModelOutput(fields)) hasReasoning = false;
    else if (isPresent(fields.id) && !hasReasoning && fields.type !== 'mcp_list_tools') {
      report('item-without-reasoning', path, shown(fields.id));
    }
  }
}

/** Without `store` the API knows no item by its id: reasoning must bring its content along. */
export function checkStored(items: readonly Located[], store: boolean, report: ReasoningReport): void {
  for (const { path, fields } of items) {
    const isReference = fields.type === 'item_reference';
    const isEmptyReasoning = fields.type === 'reasoning' && !fields.encrypted_content;
    if ((isReference || isEmptyReasoning) && !(store && isPresent(fields.id))) {
      report('not-stored', path, shown(fields.id));
    }
  }
}

/** Whether an item is part of an answer. A compaction item is not bound to one: it replaces what was before. */
function isModelOutput(fields: Record<string, unknown>): boolean {
  const { type, role } = fields;
  if (type === undefined || type === 'message') return role === 'assistant';
  // OpenAI writes the outputs of what it runs into the same answer.
  const others = ['mcp_list_tools', 'mcp_approval_request', 'program', 'program_output'];
  return typeof type === 'string' && (type.endsWith('_call') || others.includes(type) || isHosted(fields));
}
