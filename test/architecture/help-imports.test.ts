/** @file `retort --help` answers at once: what it loads is the tables of options and the parser, nothing native. */
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const src = fileURLToPath(new URL('../../src', import.meta.url));

/** Files and packages that a file loads before its first line runs: imports that are neither types nor `import()`. */
function loadedBy(start: string): Set<string> {
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    if (!existsSync(join(src, path))) return;
    const source = readFileSync(join(src, path), 'utf8');
    for (const [, clause = '', specifier = ''] of source.matchAll(/^(?:import|export)\b([^;'=]*?)'([^']+)';$/gms)) {
      const isType = /^ type\b/.test(clause) || /^ \{(\s*type [^,}]*,?)+\s*\} from $/.test(clause);
      if (isType) continue;
      visit(
        specifier.startsWith('.')
          ? posix.join(posix.dirname(path), specifier.replace(/\.js$/, '.ts'))
          : `package ${specifier}`,
      );
    }
  };
  visit(start);
  return seen;
}

const HEAVY =
  /^package (yaml|zod|onnx|csv-parse|hyparquet|ml-matrix|cephes|@huggingface)|^(autograd|runtime|cli\/config)\/|^data\/(dataset|shuffle)/;

describe('the command line', () => {
  test('--help loads no engine, no reader of data and no YAML', () => {
    // The program itself imports what says that no more files may be open, and the rest in its first line.
    const main = readFileSync(join(src, 'cli/main.ts'), 'utf8');
    const first = [...main.matchAll(/import\('\.\/([^']+)\.js'\)/g)].map(([, path]) => `cli/${path}.ts`);
    expect(first).toEqual(['cli/commands/table.ts', 'cli/process.ts']);
    const loaded = [...new Set(['cli/main.ts', ...first].flatMap((path) => [...loadedBy(path)]))];
    expect(loaded).toContain('cli/commands/distill/usage.ts');
    expect(loaded.filter((path) => HEAVY.test(path))).toEqual([]);
    // At under a millisecond each; the tables that help pages derive from are most of them.
    expect(loaded.length).toBeLessThan(110);
  });

  test('such an import is seen where there is one', () => {
    expect([...loadedBy('cli/config/read-config.ts')]).toContain('package yaml');
  });
});
