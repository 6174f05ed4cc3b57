import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The path of Prometheus's `promtool`, from `PROMTOOL` or in PATH; undefined if it is not installed. */
export const promtool = [process.env.PROMTOOL, 'promtool']
  .filter((path) => path !== undefined)
  .find((path) => spawnSync(path, ['--version']).status === 0);

/** What `promtool check metrics` reports about a scrape, one line per problem, each beginning with the metric's name. */
export function promtoolProblems(text: string): string[] {
  const { stdout, stderr } = spawnSync(promtool!, ['check', 'metrics'], { input: text, encoding: 'utf8' });
  return `${stdout}${stderr}`.split('\n').filter(Boolean);
}

/** What `promtool check rules` reports about expressions of PromQL; empty if all of them are valid. */
export function expressionProblems(expressions: readonly string[]): string {
  const rules = expressions.map((expr, index) => ({ record: `expression_${index}`, expr }));
  const folder = mkdtempSync(join(tmpdir(), 'fastpaca-promtool-'));
  const file = join(folder, 'rules.json');
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'board', rules }] }));
  const { status, stdout, stderr } = spawnSync(promtool!, ['check', 'rules', file], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  return status === 0 ? '' : stdout + stderr;
}
