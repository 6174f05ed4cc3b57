import { shown, type Located } from '../json.js';
import type { Report } from '../violation.js';
import type { AnthropicRule } from './rules.js';
import type { Turn } from './turns.js';

type ToolReport = Report<AnthropicRule>;

/** Every `tool_use` is answered in the next user turn, and its results come first there. Ids are unique in the whole request. */
export function checkToolPairs(turns: readonly Turn[], report: ToolReport): void {
  checkUniqueIds(turns, report);
  let open = new Set<unknown>();
  for (const [index, turn] of turns.entries()) {
    if (turn.role === 'user') checkResults(turn.blocks, open, report);
    open = new Set(
      turn.blocks.filter(({ fields }) => fields.type === 'tool_use').map(({ fields }) => fields.id),
    );
    const next = turns[index + 1];
    const answered = new Set(
      next?.role === 'user' ? next.blocks.map(({ fields }) => fields.tool_use_id) : [],
    );
    for (const id of open) if (!answered.has(id)) report('unanswered-tool-use', turn.path, shown(id));
  }
}

/** @param open ids of the `tool_use` blocks in the turn before */
function checkResults(blocks: readonly Located[], open: ReadonlySet<unknown>, report: ToolReport): void {
  const seen = new Set<unknown>();
  let isBehindOtherContent = false;
  for (const { path, fields } of blocks) {
    if (fields.type !== 'tool_result') {
      isBehindOtherContent = true;
      continue;
    }
    const id = fields.tool_use_id;
    if (!open.has(id)) report('orphan-tool-result', path, shown(id));
    else if (seen.has(id)) report('duplicate-tool-result', path, shown(id));
    if (isBehindOtherContent) report('tool-result-position', path);
    if (fields.is_error === true) checkErrorResult(fields.content, path, report);
    seen.add(id);
  }
}

function checkErrorResult(content: unknown, path: string, report: ToolReport): void {
  if (!Array.isArray(content)) return;
  const other = content.findIndex((part: { type?: unknown } | null) => part?.type !== 'text');
  if (other !== -1) report('error-result-content', `${path}.content[${other}]`);
}

function checkUniqueIds(turns: readonly Turn[], report: ToolReport): void {
  const seen = new Set<unknown>();
  for (const { path, fields } of turns.flatMap(({ blocks }) => blocks)) {
    if (!isUse(fields.type)) continue;
    if (seen.has(fields.id)) report('duplicate-tool-use-id', path, shown(fields.id));
    seen.add(fields.id);
  }
}

/** The API itself ran these tools: use and result stand in the same assistant turn, in this order. */
export function checkServerToolPairs(turns: readonly Turn[], report: ToolReport): void {
  for (const { role, blocks } of turns) {
    if (role !== 'assistant') continue;
    const open = new Map<unknown, string>();
    for (const { path, fields } of blocks) {
      const { type } = fields;
      if (type === 'server_tool_use' || type === 'mcp_tool_use') open.set(fields.id, path);
      else if (isServerToolResult(type) && !open.delete(fields.tool_use_id)) {
        report('orphan-server-tool-result', path, shown(fields.tool_use_id));
      }
    }
    for (const [id, path] of open) report('unanswered-server-tool-use', path, shown(id));
  }
}

export function isServerToolResult(type: unknown): boolean {
  return typeof type === 'string' && type.endsWith('_tool_result');
}

function isUse(type: unknown): boolean {
  return typeof type === 'string' && type.endsWith('tool_use');
}
