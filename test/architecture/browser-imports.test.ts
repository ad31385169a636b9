import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadedBy } from './loaded-by.js';

const ENTRY = ['entries/browser.ts'];

describe('retort-ml/browser', () => {
  test('loads nothing of Node, and five packages', () => {
    const { files, packages } = loadedBy(ENTRY, { backend: 'web' });
    const code = ['#students/bilstm', '#students/ngram', '#students/static'];
    const others = ['@huggingface/tokenizers', 'csv-parse/browser/esm/sync', 'fastest-levenshtein', 'onnx-proto'];
    expect([...packages].sort()).toEqual([...code, ...others, 'onnxruntime-web/wasm']);
    expect([...files]).toEqual(
      expect.arrayContaining(['browser/train-student.ts', 'export/js-student.ts', 'runtime/backend-web.ts']),
    );
  });

  test('such an import is found, however far down, and behind the backend', () => {
    const planted = new Map([['tensor/shape.ts', "import { join } from 'node:path';"]]);
    expect([...loadedBy(ENTRY, { backend: 'web', planted }).packages]).toContain('node:path');
    expect([...loadedBy(ENTRY, { backend: 'node' }).packages]).toContain('node:fs');
  });

  test('bundlers for browsers and workers get the WebAssembly build, all others the native one', () => {
    const { imports } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      readonly imports: unknown;
    };
    expect(imports).toMatchObject({
      '#backend': {
        browser: './dist/runtime/backend-web.js',
        workerd: './dist/runtime/backend-web.js',
        default: './dist/runtime/backend-node.js',
      },
    });
  });
});
