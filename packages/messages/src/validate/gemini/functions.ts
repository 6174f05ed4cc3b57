import { isObject, isPresent, shown, type Located } from '../json.js';
import type { Report } from '../violation.js';
import type { GeminiRule } from './rules.js';
import type { Content } from './contents.js';

type FunctionReport = Report<GeminiRule>;

/** A call turn follows a user or a response turn; a response turn directly follows its call turn and answers each call once. */
export function checkFunctionTurns(contents: readonly Content[], report: FunctionReport): void {
  for (const [index, content] of contents.entries()) {
    const before = contents[index - 1];
    const calls = partsWith(content, 'functionCall');
    if (calls.length > 0) {
      if (before?.role !== 'user') report('call-position', content.path);
      const after = contents[index + 1];
      if (!after || partsWith(after, 'functionResponse').length === 0)
        report('unanswered-call', content.path);
    }
    if (partsWith(content, 'functionResponse').length > 0) checkResponses(content, before, report);
  }
}

function checkResponses(content: Content, before: Content | undefined, report: FunctionReport): void {
  const responses = partsWith(content, 'functionResponse');
  const calls = before ? partsWith(before, 'functionCall') : [];
  if (calls.length === 0) report('response-position', content.path);
  else if (calls.length !== responses.length) {
    report('response-count', content.path, `${responses.length} responses, ${calls.length} calls`);
  } else checkMatches(responses, calls, report);
  const other = content.parts.find(({ fields }) => !isPresent(fields.functionResponse));
  if (other) report('response-turn', other.path);
}

/** Without ids, calls of one function are told apart by their order alone. */
function checkMatches(
  responses: readonly Located[],
  calls: readonly Located[],
  report: FunctionReport,
): void {
  const open = [...calls];
  for (const { path, fields } of responses) {
    const match = open.findIndex(
      (call) => call.fields.name === fields.name && hasSameId(call.fields, fields),
    );
    if (match === -1) report('response-match', path, shown(fields.id ?? fields.name));
    else open.splice(match, 1);
  }
}

function hasSameId(call: Record<string, unknown>, response: Record<string, unknown>): boolean {
  return !isPresent(call.id) || !isPresent(response.id) || call.id === response.id;
}

/** The first call of each model turn since the last message of the user needs its signature. */
export function checkThoughtSignatures(contents: readonly Content[], report: FunctionReport): void {
  const isMessage = (content: Content) =>
    content.role === 'user' && partsWith(content, 'functionResponse').length === 0;
  for (const { parts } of contents.slice(contents.findLastIndex(isMessage) + 1)) {
    const first = parts.find(({ fields }) => isPresent(fields.functionCall));
    if (first && !first.fields.thoughtSignature) report('missing-thought-signature', first.path);
  }
}

/** The calls or the responses of a content. */
function partsWith({ parts }: Content, name: 'functionCall' | 'functionResponse'): Located[] {
  return parts.flatMap(({ path, fields }) => {
    const data = fields[name];
    return isObject(data) ? [{ path: `${path}.${name}`, fields: data }] : [];
  });
}
