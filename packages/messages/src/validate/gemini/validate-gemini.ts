import { isObject, isPresent, type Located } from '../json.js';
import { array, object } from '../shape.js';
import { checkUnicode } from '../unicode.js';
import { Violations, type Report, type Violation } from '../violation.js';
import { contentsOf, type Content } from './contents.js';
import { checkFunctionTurns, checkThoughtSignatures } from './functions.js';
import type { GeminiOptions } from './options.js';
import { GEMINI_RULES, type GeminiRule } from './rules.js';
import { content, dataFieldsOf, systemInstruction } from './shapes.js';

/** Who may send these parts. Texts, files and the answers of Google's own tools stand in contents of both roles. */
const ROLES: Record<string, string> = {
  functionCall: 'model',
  executableCode: 'model',
  codeExecutionResult: 'model',
  toolCall: 'model',
  functionResponse: 'user',
};

/**
 * Checks the `systemInstruction` and `contents` of a request to Gemini's `generateContent` against `GEMINI_RULES`.
 *
 * Field names are checked in camelCase only. Not checked: whether a signature is genuine, whether a file can be read.
 *
 * @param prompt `{ systemInstruction?, contents }`, unknown JSON
 * @returns the violations; empty if the API accepts the prompt
 */
export function validateGemini(
  prompt: unknown,
  { thoughtSignatures = true }: GeminiOptions = {},
): Violation[] {
  const { list, report } = new Violations(GEMINI_RULES);
  const shape = object({
    'systemInstruction?': systemInstruction,
    contents: array(content, { minItems: 1 }),
  });
  shape(prompt, '', report);
  checkUnicode(prompt, report);

  const contents = contentsOf(isObject(prompt) ? prompt.contents : []);
  checkRoles(contents, report);
  for (const { role, parts } of contents) for (const part of parts) checkPart(part, role, report);
  checkFunctionTurns(contents, report);
  if (thoughtSignatures) checkThoughtSignatures(contents, report);
  return list;
}

function checkRoles(contents: readonly Content[], report: Report<GeminiRule>): void {
  const first = contents[0];
  const last = contents.at(-1);
  if (first && first.role !== 'user') report('first-role', first.path);
  if (last && last.role !== 'user') report('last-role', last.path);
}

function checkPart({ path, fields }: Located, role: unknown, report: Report<GeminiRule>): void {
  const names = dataFieldsOf(fields);
  const isEmptyText = fields.text === '' && !isPresent(fields.thoughtSignature);
  if (names.length !== 1 || isEmptyText) report('part-data', path, names.join(', ') || 'none');
  for (const name of names) {
    if ((ROLES[name] ?? role) !== role) report('part-role', `${path}.${name}`);
  }
  if (fields.thought === true && role !== 'model') report('part-role', `${path}.thought`);
}
