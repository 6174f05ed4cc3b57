import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { printedCommands, runPrinted } from '../../../test/support/printed-commands.js';
import { createEmptyProject, createProject, packSdk, type PackedSdk } from './support/packed-sdk-project.js';

const SDK = join(import.meta.dirname, '..');
const ROOT = join(SDK, '../..');
const AI_VERSIONS = { '5': 'ai-v5', '6': 'ai-v6', '7': 'ai' };
const NODE_TYPES = { '@types/node': '@types/node' };
/** The libraries that the other entry points integrate with. */
const INTEGRATED_LIBRARIES = { '@langchain/core': '@langchain/core', '@openai/agents': '@openai/agents' };

let packed: PackedSdk;
beforeAll(async () => {
  packed = await packSdk();
});
afterAll(async () => {
  await packed.sdk.remove();
  await packed.messages.remove();
});

const entryPoints = () =>
  Object.keys(packed.sdk.manifest.exports!)
    .filter((name) => name !== './package.json')
    .map((name) => name.replace('.', 'fastpaca'));

describe.each(['sdk', 'messages'] as const)('the package of packages/%s', (name) => {
  it('contains only the built files, the README and package.json', () => {
    const { files } = packed[name];
    const others = files.filter((file) => !/^dist(\/(cjs|esm)(\/.*)?)?$/.test(file));
    expect(others).toEqual(['README.md', 'package.json']);
    expect(files.filter((file) => /spec|\.built|\.map$/.test(file))).toEqual([]);
  });
});

describe('the package', () => {
  it('depends only on @fastpaca/messages, which has no dependencies', () => {
    const { sdk, messages } = packed;
    expect(sdk.manifest.dependencies).toEqual({ '@fastpaca/messages': messages.manifest.version });
    expect(messages.manifest).not.toHaveProperty('dependencies');
    expect(messages.manifest).not.toHaveProperty('peerDependencies');
  });

  it('can be imported and required in a project without other packages', async () => {
    const project = await createProject(packed);
    const use = `const ctx = createClient({ baseUrl: 'http://localhost:1' }).context('a');
      console.log(fastpaca === whole.default, ctx.id, typeof ctx.then, 'then' in fastpaca, ConflictError.name);`;
    const names = '{ createClient, fastpaca, ConflictError }';
    expect(
      await project.run('a.mjs', `import * as whole from 'fastpaca'; const ${names} = whole; ${use}`),
    ).toBe('true a function false ConflictError');
    expect(
      await project.run('a.cjs', `const whole = require('fastpaca'); const ${names} = whole; ${use}`),
    ).toBe('true a function false ConflictError');
    expect(await project.run('b.cjs', `console.log(require('fastpaca/package.json').version)`)).toBe(
      packed.sdk.manifest.version,
    );
  });

  it('provides every entry point as an ES module and a CommonJS module', async () => {
    const project = await createProject(packed, INTEGRATED_LIBRARIES);
    for (const name of entryPoints()) {
      const count = `console.log(Object.keys(all).length > 0)`;
      expect(await project.run('a.mjs', `import * as all from '${name}'; ${count}`)).toBe('true');
      expect(await project.run('a.cjs', `const all = require('${name}'); ${count}`)).toBe('true');
    }
  });

  it('loads the AI SDK with import() in CommonJS, too, because newer versions are ES modules only', async () => {
    const project = await createProject(packed, { ai: 'ai' });
    const loader = `require.resolve('fastpaca').replace('index.js', 'model-answer/ai-module.js')`;
    expect(
      await project.run(
        'a.cjs',
        `const source = require('fs').readFileSync(${loader}, 'utf8');
         console.log(/\\bimport\\(/.test(source), /require\\(['"]ai['"]\\)/.test(source));`,
      ),
    ).toBe('true false');
  });
});

describe('the types of the package', () => {
  const source = `
    import fallback, { createClient, fastpaca, ConflictError, type AppendResult, type Context, type Window } from 'fastpaca';
    export async function use(): Promise<[AppendResult, Window]> {
      const ctx: Context = await fastpaca.context('a').budget(10).trigger(0.5);
      const other = await createClient({ baseUrl: 'http://a/v1' }).context('b');
      const result = await ctx.append({ role: 'user', content: 'hi', custom: 1 });
      const turn = await other.append([{ role: 'user', parts: [{ type: 'x', any: 1 }] }], { ifVersion: 0 });
      const count: number = turn.events.length + turn.version;
      const window = await ctx.window({ budgetTokens: count });
      await ctx.compact({ fromSeq: 1, toSeq: 2, replacement: [{ role: 'system', content: 's' }, ...window.messages] });
      await ctx.compact({ messages: window.messages.slice(-2), ifVersion: window.version });
      for await (const event of ctx.replay({ fromSeq: -1 })) await other.append(event);
      for await (const change of ctx.watch()) if (change.type === 'event') console.log(change.event.tokenEstimate);
      // @ts-expect-error an unknown role
      await ctx.append({ role: 'nobody', content: '' });
      // @ts-expect-error neither an event nor a turn
      await ctx.append('hi');
      console.log(fallback === fastpaca, new ConflictError('').expected);
      return [result, window];
    }`;

  it('compile in strict mode from ES modules and CommonJS without other packages', async () => {
    const project = await createProject(packed);
    expect(await project.compile({ 'a.mts': source, 'a.cts': source })).toBe('');
  });

  it('compile for every entry point if the integrated libraries are installed', async () => {
    const project = await createProject(packed, { ...INTEGRATED_LIBRARIES, ...NODE_TYPES, zod: 'zod' });
    const all = entryPoints().map((name, index) => `export * as m${index} from '${name}';`);
    // `skipLibCheck` skips the libraries' own types.
    const options = { skipLibCheck: true, types: ['node'] };
    expect(await project.compile({ 'a.mts': all.join('\n') }, options)).toBe('');
  });

  it.each(Object.entries(AI_VERSIONS))('are compatible with the types of AI SDK %s', async (_, folder) => {
    const project = await createProject(packed, { ai: folder, ...NODE_TYPES });
    const file = `
      import { fastpaca } from 'fastpaca';
      import { generateText, streamText, type LanguageModel, type ModelMessage, type UIMessage } from 'ai';
      declare const model: LanguageModel;
      declare const fromBrowser: UIMessage[];
      declare const answered: ModelMessage[];
      export async function use() {
        const ctx = await fastpaca.context('a').budget(10);
        const { messages } = await ctx.window();
        await generateText({ model, messages, allowSystemInMessages: true });
        const list: ModelMessage[] = messages;
        await ctx.append(fromBrowser[0]!);
        await ctx.append(fromBrowser);
        await ctx.append(answered);
        await ctx.compact({ messages: [...fromBrowser, ...answered] });
        return [ctx.stream((messages) => streamText({ model, messages })).toResponse(), list];
      }`;
    // The types of AI SDK 5 do not have this option.
    const adapted = folder === 'ai' ? file : file.replace(', allowSystemInMessages: true', '');
    const options = { skipLibCheck: true, types: ['node'], lib: ['ES2022', 'DOM', 'DOM.AsyncIterable'] };
    expect(await project.compile({ 'a.mts': adapted }, options)).toBe('');
  });
});

describe('the README of the SDK', () => {
  const PRELUDE = `
    import type { Context } from 'fastpaca';
    declare const ctx: Context;`;

  /** One module per snippet. Declares `ctx` and imports `fastpaca` if the snippet uses them without defining them. */
  async function snippets(): Promise<Record<string, string>> {
    const text = await readFile(join(SDK, 'README.md'), 'utf8');
    const files: Record<string, string> = {};
    for (const [index, [, code]] of Array.from(
      text.matchAll(/^```(?:typescript|ts|tsx)\b.*\n([\s\S]*?)^```/gm),
    ).entries()) {
      const line = text.slice(0, text.indexOf(code!)).split('\n').length;
      const contextDeclaration = /\bctx\b/.test(code!) && !/\b(const|let) ctx\b/.test(code!) ? PRELUDE : '';
      const clientImport =
        /\bfastpaca[.\n]/.test(code!) && !/import .*\bfastpaca\b.* from/.test(code!)
          ? "import { fastpaca } from 'fastpaca';"
          : '';
      files[`snippet-${index}-line-${line}.mts`] =
        `${clientImport}${contextDeclaration}\n${code}\nexport {};`;
    }
    return files;
  }

  it('prints the commands that pack and install the packages of a checkout', async () => {
    const [, pack, install] = printedCommands(await readFile(join(SDK, 'README.md'), 'utf8'));
    const tmp = await mkdtemp(join(packed.sdk.folder, 'printed-'));
    const project = await createEmptyProject(tmp);
    await runPrinted(pack!, { cwd: ROOT, tmp });
    await runPrinted(install!, { cwd: project.root, tmp });
    const use = `import { fastpaca } from 'fastpaca'; console.log(typeof fastpaca.context)`;
    expect(await project.run('a.mjs', use)).toBe('function');
    const required = `console.log(Object.keys(require('@fastpaca/messages/package.json').exports).length > 1)`;
    expect(await project.run('a.cjs', required)).toBe('true');
  });

  it('contains snippets that compile', async () => {
    const project = await createProject(packed, {
      ...INTEGRATED_LIBRARIES,
      ...NODE_TYPES,
      ai: 'ai',
      '@anthropic-ai/sdk': '@anthropic-ai/sdk',
      zod: 'zod',
      express: 'express',
      '@types/express': '@types/express',
      fastify: 'fastify',
    });
    const provider = `
      declare module '@ai-sdk/openai' { export function openai(id: string): import('ai').LanguageModel }
      declare module '@langchain/openai' { export const ChatOpenAI: any }`;
    const files = { ...(await snippets()), 'providers.d.ts': provider };
    expect(Object.keys(files).length).toBeGreaterThan(12);
    const options = { skipLibCheck: true, types: ['node'], lib: ['ES2022', 'DOM', 'DOM.AsyncIterable'] };
    expect(await project.compile(files, options)).toBe('');
  });

  it('mentions every error and every method', async () => {
    const text = await readFile(join(SDK, 'README.md'), 'utf8');
    const sdk = await import('../src/index.js');
    const { Context } = await import('../src/conversation/context.js');
    const { ContextOperations } = await import('../src/conversation/context-operations.js');
    const errors = Object.keys(sdk).filter((name) => name.endsWith('Error'));
    const methods = [Context, ContextOperations]
      .flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype))
      .filter((name) => !['constructor', 'id', 'prepare'].includes(name));
    expect(methods).toEqual(expect.arrayContaining(['append', 'metadata']));
    expect(errors.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
    expect(methods.filter((name) => !new RegExp(`\\.${name}\\(`).test(text))).toEqual([]);
  });
});
