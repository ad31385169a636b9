import { describe, expect, test } from 'vitest';
import { circles, importsOf, internalImports, violations, violationsOf } from './import-rules.js';
import { RANKS, ROOMS } from './ranks.js';
import { readRecipes, readSources } from './sources.js';

const MOST_LINES = 400;
const linesOf = (source: string): number => source.trimEnd().split('\n').length;

describe('src/', () => {
  const sources = readSources();

  test('imports go down only, doors are kept, every folder has a rank, no file is a grab-bag', () => {
    expect(sources.size).toBeGreaterThan(5);
    expect(violations(sources)).toEqual([]);
  });

  // The guard is known to bite: each rule is broken once, in a file among the real ones.
  test.each([
    ['tensor/planted.ts', "import { x } from '../onnx/program.js';", 'up from tensor/ (1) to onnx/ (2)'],
    ['tensor/planted.ts', "import type { X } from '../onnx/program.js';", 'up from tensor/ (1) to onnx/ (2)'],
    ['tensor/planted.ts', "import { type X } from '../onnx/program.js';", 'up from tensor/ (1) to onnx/ (2)'],
    ['tensor/planted.ts', "export * from '../onnx/program.js';", 'up from tensor/ (1) to onnx/ (2)'],
    ['tensor/planted.ts', "export type { X } from '../onnx/program.js';", 'up from tensor/ (1) to onnx/ (2)'],
    ['tensor/planted.ts', "const x = await import('../onnx/program.js');", 'up from tensor/ (1) to onnx/ (2)'],
    ['tensor/planted.ts', 'const x = await import(`../onnx/program.js`);', 'up from tensor/ (1) to onnx/ (2)'],
    ['tensor/planted.ts', "type X = import('../onnx/program.js').OnnxProgram;", 'up from tensor/ (1) to onnx/ (2)'],
    ['tensor/deep/planted.ts', "import '../../onnx/program.js';", 'up from tensor/ (1) to onnx/ (2)'],
    ['files/planted.ts', "import '../tensor/shape.js';", 'sideways from files/ (1) to tensor/ (1)'],
    ['cli/planted.ts', "import '../index.js';", 'sideways from cli/ (11) to entries/ (11)'],
    ['cli/planted.ts', "import 'retort-ml/errors';", 'imports its own package'],
    ['cli/planted.ts', 'await import(process.argv[2]);', 'a module whose name is computed'],
    ['cli/planted.ts', "import '../../test/setup/data-test.js';", 'no file of src/'],
    ['cli/planted.ts', "import 'onnxruntime-node';", 'only runtime/ imports'],
    ['cli/planted.ts', "import type { Env } from 'onnxruntime-web/wasm';", 'only runtime/ imports'],
    ['training/planted.ts', "import { backend } from '#backend';", 'only runtime/session.ts imports'],
    ['cli/planted.ts', "await import('bullmq');", 'only queue/ imports'],
    ['cli/planted.ts', "import type { Redis } from 'ioredis';", 'only queue/ imports'],
    ['cli/planted.ts', "import { z } from 'zod';", 'only files named *.schema.ts'],
    ['cli/utils.ts', '', '"utils" names no idea'],
    ['nn/common/planted.ts', '', '"common" names no idea'],
    ['nn/index.ts', '', 'no folder barrels'],
    ['training/step/planted.ts', "import '../run/run.js';", 'up from training/step/ to training/run/'],
    [
      'training/tasks/planted.ts',
      "import '../phases/phased-run.js';",
      'sideways from training/tasks/ to training/phases/',
    ],
    ['training/attic/planted.ts', '', 'the room has no rank'],
    ['cli/commands/train/planted.ts', "import '../distill/usage.js';", 'up from cli/commands/train/'],
    ['cli/commands/digits/planted.ts', "import '../init/usage.js';", 'sideways from cli/commands/digits/'],
    ['extras/planted.ts', '', 'the folder "extras" has no rank'],
    ['planted.ts', '', 'the folder "" has no rank'],
  ])('%s with %s is caught', (path, source, message) => {
    expect(violationsOf(path, source, sources)).toEqual([expect.stringContaining(message)]);
  });

  test('no file has more than 400 lines', () => {
    expect([...sources].filter(([, source]) => linesOf(source) > MOST_LINES).map(([path]) => path)).toEqual([]);
    expect(linesOf(`${'a\n'.repeat(MOST_LINES)}`)).toBe(MOST_LINES);
  });

  test('no file imports itself over others, by types either', () => {
    expect(circles(sources)).toEqual([]);
  });

  test.each([
    ['a circle of two', { 'a.ts': "import './b.js';", 'b.ts': "import './a.js';" }, ['a.ts → b.ts → a.ts']],
    [
      'a circle of types over two folders',
      {
        'top.ts': "import './x/a.js';",
        'x/a.ts': "import type { B } from '../y/b.js';",
        'y/b.ts': "export { c } from './c.js';",
        'y/c.ts': "export type C = import('../x/a.js').A;",
      },
      ['x/a.ts → y/b.ts → y/c.ts → x/a.ts'],
    ],
    [
      'two ways to one file',
      { 'a.ts': "import './b.js'; import './c.js';", 'b.ts': "import './c.js';", 'c.ts': '' },
      [],
    ],
  ])('%s is seen as what it is', (_, planted, expected) => {
    expect(circles(new Map(Object.entries(planted)))).toEqual(expected);
  });

  test('a circle planted among the real files is caught', () => {
    const path = 'tensor/shape.ts';
    const planted = new Map(sources).set(path, `${sources.get(path)}\nimport type { Dtype } from './safetensors.js';`);
    expect(circles(planted)).toContainEqual(expect.stringContaining('tensor/safetensors.ts → tensor/shape.ts'));
  });

  test('folders and rooms that have a rank are there', () => {
    const paths = [...sources.keys()];
    const named = [
      ...Object.keys(RANKS),
      ...Object.entries(ROOMS).flatMap(([folder, rooms]) => rooms.flat().map((room) => `${folder}/${room}`)),
    ];
    expect(named.filter((folder) => !paths.some((path) => path.startsWith(`${folder}/`)))).toEqual([]);
  });

  test.each([
    ['runtime/planted.ts', "import { InferenceSession } from 'onnxruntime-node';"],
    ['cli/planted.schema.ts', "import { z } from 'zod';"],
    [
      'onnx/planted.ts',
      "import { ShapeError } from '../errors/failures.js'; import '../tensor/shape.js'; import './program.js';",
    ],
    [
      'tensor/planted.ts',
      "// import '../onnx/program.js'\nconst text = \"import '../onnx/program.js'\"; export { text };",
    ],
  ])('%s with %s passes', (path, source) => {
    expect(violationsOf(path, source, sources)).toEqual([]);
  });

  test('an import attribute and a namespace import are seen', () => {
    const source = "import * as a from 'a'; import b from 'b' with { type: 'json' }; export * as c from 'c';";
    expect(importsOf('planted.ts', source)).toEqual(['a', 'b', 'c']);
  });
});

describe('recipes/', () => {
  const recipes = [...readRecipes()];

  test('take from src/ what its entries export, as users of the package do', () => {
    expect(recipes.length).toBeGreaterThan(5);
    expect(recipes.flatMap(([path, source]) => internalImports(path, source))).toEqual([]);
  });

  test.each([
    "import { mean } from '../src/metrics/statistics.js';",
    "import type { Gain } from '../src/experiments/verdict.js';",
    "export { mean } from '../src/metrics/statistics.js';",
    'const { mean } = await import(`../src/metrics/statistics.js`);',
    'type Gain = import("../src/experiments/verdict.js").Gain;',
    "const WORKER = new URL('../src/experiments/primer/primer-worker.js', import.meta.url);",
    "import { mean } from '../src/entries/../metrics/statistics.js';",
    "import { mean } from '../dist/metrics/statistics.js';",
  ])('%s is caught', (source) => {
    expect(internalImports('planted.recipe.ts', source)).toEqual([
      expect.stringMatching(/^planted\.recipe\.ts: .*\.js$/),
    ]);
  });

  test('entries, neighbours and benches pass', () => {
    const source =
      "import '../src/index.js'; import '../src/entries/data.js'; import './a.js'; import '../bench/figures.js';";
    expect(internalImports('planted.recipe.ts', source)).toEqual([]);
  });
});
