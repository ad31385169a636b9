import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadedBy } from './loaded-by.js';

const ENTRY = ['entries/browser.ts'];

describe('retort-ml/browser', () => {
  test('loads nothing of Node, and two packages', () => {
    const { files, packages } = loadedBy(ENTRY, { backend: 'web' });
    expect([...packages].sort()).toEqual(['onnx-proto', 'onnxruntime-web/wasm']);
    expect([...files]).toEqual(expect.arrayContaining(['training/run/memory-run.ts', 'runtime/backend-web.ts']));
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
    expect(imports).toEqual({
      '#backend': {
        browser: './dist/runtime/backend-web.js',
        workerd: './dist/runtime/backend-web.js',
        default: './dist/runtime/backend-node.js',
      },
    });
  });
});
