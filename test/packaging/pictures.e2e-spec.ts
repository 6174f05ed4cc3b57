import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const PICTURES = 'docs/pictures';

/** The SVG files of a folder by name. */
function pictures(folder: string): Record<string, string> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.svg'));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

describe('docs/pictures', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'fastpaca-pictures-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('has the pictures that its script draws', () => {
    execFileSync(process.execPath, [join(PICTURES, 'draw.mjs'), folder]);
    expect(pictures(PICTURES)).toEqual(pictures(folder));
  });

  it('has a picture for every step of docs/windows.md, with a text for readers who do not see it', () => {
    const shown = Array.from(
      readFileSync('docs/windows.md', 'utf8').matchAll(/^!\[(.+)\]\(pictures\/([\w-]+\.svg)\)$/gm),
    );
    expect(shown.map(([, , name]) => name).sort()).toEqual(Object.keys(pictures(PICTURES)).sort());
    for (const [, , name = ''] of shown) expect(pictures(PICTURES)[name]).toMatch(/<title>.{20,}<\/title>/);
  });
});
