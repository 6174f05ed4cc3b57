import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestService } from '../support/test-service.js';

const page = readFileSync('docs/api.md', 'utf8');

/** Returns the section of one route, including its heading. */
function section(heading: string): string {
  const start = page.indexOf(`\n## ${heading}\n`);
  if (start === -1) return '';
  const end = page.indexOf('\n## ', start + 1);
  return page.slice(start, end === -1 ? undefined : end);
}

/** Returns the property names of a schema. Resolves references. */
function properties(document: any, schema: any): string[] {
  if (schema?.$ref) return properties(document, document.components.schemas[schema.$ref.split('/').at(-1)]);
  if (schema?.oneOf) return schema.oneOf.flatMap((option: any) => properties(document, option));
  return Object.keys(schema?.properties ?? {});
}

describe('docs/api.md', () => {
  let service: TestService;
  let document: any;
  let operations: { heading: string; operation: any }[];

  beforeAll(async () => {
    service = await TestService.start();
    document = (await service.http.request('GET', '/docs-json')).body;
    operations = Object.entries<any>(document.paths).flatMap(([path, methods]) =>
      Object.entries<any>(methods).map(([method, operation]) => ({
        heading: `${method.toUpperCase()} ${path}`,
        operation,
      })),
    );
  });
  afterAll(() => service.stop());

  it('has exactly one section per operation of the OpenAPI document', () => {
    const headings = Array.from(
      page.matchAll(/^## ((?:GET|PUT|POST|PATCH|DELETE) .*)$/gm),
      ([, heading]) => heading,
    );
    expect(headings.sort()).toEqual(operations.map(({ heading }) => heading).sort());
  });

  it('names every status, query parameter and field of each operation', () => {
    const missing: string[] = [];
    for (const { heading, operation } of operations) {
      const text = section(heading);
      for (const status of Object.keys(operation.responses)) {
        if (!new RegExp(`\\b${status}\\b`).test(text)) missing.push(`${heading}: ${status}`);
      }
      const parameters = (operation.parameters ?? []).filter(({ in: location }: any) => location === 'query');
      const body = operation.requestBody?.content?.['application/json']?.schema;
      const successes = Object.entries<any>(operation.responses).filter(([status]) => status.startsWith('2'));
      const names = [
        ...parameters.map(({ name }: any) => name),
        ...properties(document, body),
        ...successes.flatMap(([, { content }]) =>
          properties(document, content?.['application/json']?.schema),
        ),
      ];
      for (const name of names) {
        if (!new RegExp(`\\b${name}\\b`).test(text) && !/the record/i.test(text))
          missing.push(`${heading}: ${name}`);
      }
    }
    expect(missing).toEqual([]);
  });

  it('names every error code and reason', () => {
    const { ErrorCode, ErrorReason } = document.components.schemas;
    for (const code of [...ErrorCode.enum, ...ErrorReason.enum]) expect(page).toContain(`\`${code}\``);
  });
});
