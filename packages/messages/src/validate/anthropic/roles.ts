import { objectsIn } from '../json.js';
import type { Report } from '../violation.js';
import type { AnthropicOptions } from './options.js';
import type { AnthropicRule } from './rules.js';
import { isServerToolResult } from './tools.js';
import type { Turn } from './turns.js';

type RoleReport = Report<AnthropicRule>;

export function checkRoles(
  messages: unknown,
  turns: readonly Turn[],
  options: AnthropicOptions,
  report: RoleReport,
): void {
  const conversation = turns.filter(({ role }) => role !== 'system');
  const [first] = conversation;
  if (first && first.role !== 'user') report('first-role', first.path);
  if (!options.midConversationSystem) {
    for (const { role, path } of turns) if (role === 'system') report('system-role', path);
  } else checkSystemPlacement(turns, report);
  checkLastRole(conversation, options, report);
  if (options.alternation ?? true) checkAlternation(messages, report);
}

function checkLastRole(
  conversation: readonly Turn[],
  { prefill = false }: AnthropicOptions,
  report: RoleReport,
): void {
  const last = conversation.at(-1);
  if (last?.role !== 'assistant') return;
  if (!prefill) report('last-role', last.path);
  else if (endsWithWhiteSpace(last)) report('trailing-white-space', last.path);
}

function endsWithWhiteSpace({ blocks }: Turn): boolean {
  const { type, text } = blocks.at(-1)?.fields ?? {};
  return type === 'text' && typeof text === 'string' && /\s$/.test(text);
}

/** System messages in a row count as one. */
function checkSystemPlacement(turns: readonly Turn[], report: RoleReport): void {
  for (const [index, { role, path }] of turns.entries()) {
    if (role !== 'system') continue;
    const before = turns[index - 1];
    const after = turns[index + 1];
    const followsUser = before?.role === 'user';
    const followsServerTool =
      before?.role === 'assistant' && isServerToolResult(before.blocks.at(-1)?.fields.type);
    if (!(followsUser || followsServerTool) || (after && after.role !== 'assistant'))
      report('system-placement', path);
  }
}

function checkAlternation(messages: unknown, report: RoleReport): void {
  let previous: unknown;
  for (const { path, fields } of objectsIn(messages, 'messages')) {
    if (fields.role === 'system') continue;
    if (fields.role === previous) report('alternation', path);
    previous = fields.role;
  }
}
