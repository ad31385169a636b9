import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadedBy, src } from './loaded-by.js';

const TRAINING = /^(autograd|nn|losses|optim|models|methods|teachers|training|experiments|export)\//;
const start = ['entries/inference.ts', ...readdirSync(join(src, 'inference')).map((name) => `inference/${name}`)];

describe('inference/', () => {
  test('loads nothing that trains', () => {
    const loaded = [...loadedBy(start).files];
    expect(loaded.length).toBeGreaterThan(10);
    expect(loaded.filter((path) => TRAINING.test(path))).toEqual([]);
  });

  test('in a browser loads nothing of Node, and its two packages alone', () => {
    const { files: loaded, packages } = loadedBy(['entries/inference-web.ts', 'inference/serving-worker.ts'], {
      backend: 'web',
    });
    expect([...packages].sort()).toEqual(['@huggingface/tokenizers', 'onnxruntime-web/wasm']);
    // What a page can call is there.
    expect([...loaded]).toEqual(expect.arrayContaining(['inference/load-web.ts', 'inference/worker-server.ts']));
  });

  test('in Node loads no zod', () => {
    const { packages } = loadedBy(start);
    expect([...packages]).toContain('onnxruntime-node');
    expect([...packages]).not.toContain('zod');
  });

  test('an import of such code is found, however far down', () => {
    const planted = new Map([['runtime/engine-error.ts', "import '../autograd/op.js';"]]);
    expect([...loadedBy(start, { planted }).files]).toContain('autograd/op.ts');
  });
});
