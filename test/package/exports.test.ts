import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

describe('package.json', () => {
  test('exports has one subpath for every file of src/entries/, and no other', () => {
    const entries = readdirSync(join(root, 'src', 'entries')).map((file) => file.replace(/\.ts$/, ''));
    const targetOf = (name: string) => {
      const file = `./dist/entries/${name}.js`;
      const web = `${name}-web`;
      if (!entries.includes(web)) return file;
      // Of some there is a second form, without what Node alone has.
      return { browser: `./dist/entries/${web}.js`, workerd: `./dist/entries/${web}.js`, default: file };
    };
    const names = entries.filter((name) => !name.endsWith('-web'));
    const wanted = {
      '.': './dist/index.js',
      ...Object.fromEntries(names.map((name) => [`./${name}`, targetOf(name)])),
      './package.json': './package.json',
    };
    expect(manifest.exports).toEqual(wanted);
  });

  test('every target of exports is built, with its types', () => {
    for (const target of Object.values(manifest.exports).flatMap((one) =>
      typeof one === 'string' ? one : Object.values(one),
    )) {
      expect(existsSync(join(root, target)), target).toBe(true);
      if (target.endsWith('.js')) expect(existsSync(join(root, target.replace(/\.js$/, '.d.ts'))), target).toBe(true);
    }
  });

  test('bin is executable and names Node in its first line', () => {
    for (const target of Object.values(manifest.bin)) {
      const file = join(root, target);
      expect(readFileSync(file, 'utf8').split('\n')[0]).toBe('#!/usr/bin/env node');
      expect(statSync(file).mode & 0o111).toBe(0o111);
    }
  });
});

describe('docs/dependencies.md', () => {
  test('names every direct dependency', () => {
    const page = readFileSync(join(root, 'docs', 'dependencies.md'), 'utf8');
    const { dependencies, devDependencies } = manifest;
    const missing = Object.keys({ ...dependencies, ...devDependencies }).filter(
      (name) => !page.includes(`\`${name}\``),
    );
    expect(missing).toEqual([]);
  });
});
