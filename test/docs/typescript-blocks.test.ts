/** @file The TypeScript of the pages compiles against the built package. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { blocksOf, ROOT } from './page-blocks.js';

/** What a page leaves to the reader, by its name; anything else that it names is retort's or its own. */
const GIVEN: Readonly<Record<string, string>> = {
  'docs/ai-sdk.md': 'apiKey',
  'docs/augment.md': 'table',
  'docs/certificates.md':
    'labels, logits, outputsOfOtherTexts, outputsOfRequests, requests: any[], sampledRequests, scoresOfOtherTexts',
  'docs/engine.md': 'expect, h0, test, w, xs',
  'docs/inference.md': 'lines, ner',
  'docs/methods/bam.md': 'mrpc, rte, start, stsb, student',
  'docs/methods/mt-dnn.md': 'first, second, third',
  'docs/methods/takd.md': 'sixLayers, threeLayers',
  'docs/models.md': 'teacherTokenizer, trainTexts, trainedTeacher',
  'docs/pretrain.md': 'evaluation, model, saved, student, texts',
  'docs/teachers.md': 'apiKey',
  'docs/training.md': 'evaluation, labels, newTexts, teacherLogits, texts, train',
};
/** Of packages that the reader installs, and of browsers. */
const OUTSIDE = `
declare module 'ai';
declare module '@ai-sdk/openai';
declare module 'onnxruntime-web/wasm';
declare class Worker { constructor(url: string, options?: object); postMessage: any; addEventListener: any; terminate: any }
`;
const NODE: Readonly<Record<string, string>> = { readFile: 'node:fs/promises', writeFile: 'node:fs/promises' };

/** Which subpath exports a name. */
function entries(): ReadonlyMap<string, string> {
  const { name, exports } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
  const found = new Map<string, string>();
  for (const [key, target] of Object.entries<string | { default: string }>(exports)) {
    const file = typeof target === 'string' ? target : target.default;
    if (!file.endsWith('.js')) continue;
    const types = readFileSync(join(ROOT, file.replace(/\.js$/, '.d.ts')), 'utf8');
    for (const [, list = ''] of types.matchAll(/export (?:type )?\{([^}]*)\}/g)) {
      for (const part of list.split(',')) {
        const exported =
          part
            .trim()
            .replace(/^type /, '')
            .split(' as ')
            .at(-1) ?? '';
        if (exported !== '' && !found.has(exported)) found.set(exported, `${name}${key.slice(1)}`);
      }
    }
  }
  return found;
}

/**
 * One module of all blocks of a page: each sees the names of those before it and may use them again, so it stands in a
 * block inside theirs. What a page has imported once, or mentions as retort's, it need not import again.
 */
function moduleOf(page: string, blocks: readonly string[], from: ReadonlyMap<string, string>): string {
  const imports = new Map<string, string>();
  const bodies = blocks.map((block) =>
    block
      .replaceAll('…', '...({} as any)')
      .replaceAll(
        /^import (?:type )?(\{[^}]*\}|\* as \w+|\w+) from '([^']*)';\n/gm,
        (_, names: string, path: string) => {
          const list = names.startsWith('{') ? names.slice(1, -1).split(',') : [names];
          for (const one of list.map((name) => name.trim()).filter((name) => name !== '')) imports.set(one, path);
          return '';
        },
      )
      .replaceAll(/^export (?=(async )?function|const|default)/gm, '')
      .replaceAll(/^declare const (.*)/gm, (_, names: string) => `let ${names.replaceAll(/(\w+): /g, '$1!: ')}`)
      .replace(/^default /m, 'const exported = '),
  );
  const text = bodies.map((body) => `{\n${body}`).join('') + '}\n'.repeat(bodies.length);
  const bare = (name: string): string => name.replace(/^type |^\* as /, '');
  const known = new Set([...imports.keys()].map(bare));
  for (const [, word = ''] of text.matchAll(/(?<![\w'])(?<!(?<!\.\.)\.)([A-Za-z]\w+)\b/g)) {
    const path = from.get(word) ?? NODE[word];
    const isDeclared = new RegExp(`(const|let|function) (\\{[^=;()]*|\\[[^=;()]*)?\\b${word}\\b`).test(text);
    if (path !== undefined && !known.has(word) && !isDeclared) {
      known.add(word);
      imports.set(word, path);
    }
  }
  const lines = [...imports].map(([name, path]) =>
    name.startsWith('* as') || (/^\w+$/.test(name) && ['ai'].includes(name))
      ? `import ${name} from '${path}';`
      : `import { ${name} } from '${path}';`,
  );
  const given = (GIVEN[page] ?? '').split(', ').filter((name) => name !== '');
  return `${[...lines, ...given.map((name) => `declare const ${name.includes(':') ? name : `${name}: any`};`)].join('\n')}\n${text}export {};\n`;
}

test('every block of TypeScript compiles', () => {
  // Inside the package, whose name they import; git ignores the folder.
  mkdirSync(join(ROOT, 'outputs'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, 'outputs', 'blocks-'));
  try {
    const from = entries();
    const pages = blocksOf('ts');
    expect(pages.size).toBeGreaterThan(30);
    const isOfBrowsers = (block: string): boolean => block.includes('onnxruntime-web');
    for (const [page, blocks] of pages) {
      const name = page.replaceAll('/', '_').replace(/\.md$/, '');
      const node = blocks.filter((block) => !isOfBrowsers(block));
      writeFileSync(join(folder, `${name}.ts`), moduleOf(page, node, from));
      writeFileSync(join(folder, `${name}.web.ts`), moduleOf(page, blocks.filter(isOfBrowsers), from));
    }
    writeFileSync(join(folder, 'outside.d.ts'), OUTSIDE);
    const compilerOptions = {
      ...{ verbatimModuleSyntax: false, exactOptionalPropertyTypes: false, noUncheckedIndexedAccess: false },
      paths: {},
    };
    const compiled = (include: string, exclude: string[], more: object): string => {
      const config = { extends: '../../tsconfig.json', compilerOptions: { ...compilerOptions, ...more }, exclude };
      const file = join(folder, 'tsconfig.json');
      writeFileSync(file, JSON.stringify({ ...config, include: [include, 'outside.d.ts'] }));
      const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
      return spawnSync(process.execPath, [tsc, '-p', file], { encoding: 'utf8' }).stdout;
    };
    expect(compiled('*.ts', ['*.web.ts'], {})).toBe('');
    expect(compiled('*.web.ts', [], { customConditions: ['browser'] })).toBe('');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
