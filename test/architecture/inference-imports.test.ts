import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { importsOf } from './import-rules.js';

const src = fileURLToPath(new URL('../../src', import.meta.url));

/** Types are gone at run time: the compiler removes `import type` and `export type … from` as whole statements. */
function withoutTypes(source: string): string {
  return source.replaceAll(/^(import|export) type [^;]* from '[^']*';$/gm, '');
}

/** The files of `src/` that are loaded when one is, with what was planted in their place. */
function loadedBy(
  start: readonly string[],
  planted: ReadonlyMap<string, string> = new Map(),
  packages = new Set<string>(),
): Set<string> {
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    const source = planted.get(path) ?? readFileSync(join(src, path), 'utf8');
    for (const specifier of importsOf(path, withoutTypes(source))) {
      if (specifier !== undefined && !specifier.startsWith('.')) packages.add(specifier);
      if (!specifier?.startsWith('.')) continue;
      const target = posix.join(posix.dirname(path), specifier.replace(/\.js$/, '.ts'));
      if (existsSync(join(src, target))) visit(target);
    }
  };
  for (const path of start) visit(path);
  return seen;
}

const TRAINING = /^(autograd|nn|losses|optim|models|methods|teachers|training|experiments|export)\//;
const start = ['entries/inference.ts', ...readdirSync(join(src, 'inference')).map((name) => `inference/${name}`)];

describe('inference/', () => {
  test('loads nothing that trains', () => {
    const loaded = [...loadedBy(start)];
    expect(loaded.length).toBeGreaterThan(10);
    expect(loaded.filter((path) => TRAINING.test(path))).toEqual([]);
  });

  test('in a browser loads nothing of Node, and its two packages alone', () => {
    const packages = new Set<string>();
    const loaded = loadedBy(['entries/inference-web.ts', 'inference/serving-worker.ts'], new Map(), packages);
    expect([...packages].sort()).toEqual(['@huggingface/tokenizers', 'onnxruntime-web/wasm']);
    // What a page can call is there.
    expect([...loaded]).toEqual(expect.arrayContaining(['inference/load-web.ts', 'inference/worker-server.ts']));
  });

  test('in Node loads no zod', () => {
    const packages = new Set<string>();
    loadedBy(start, new Map(), packages);
    expect([...packages]).toContain('onnxruntime-node');
    expect([...packages]).not.toContain('zod');
  });

  test('an import of such code is found, however far down', () => {
    const planted = new Map([['runtime/engine-error.ts', "import '../autograd/op.js';"]]);
    expect([...loadedBy(start, planted)]).toContain('autograd/op.ts');
  });
});
