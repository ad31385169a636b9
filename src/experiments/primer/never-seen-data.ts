/** @file The images of a student that never sees a digit. */
import type { Dataset } from '../../data/dataset.js';
import { imageDataset } from '../../data/images.js';
import { loadMnist } from '../../data/mnist.js';
import { type MnistSplit, mnistDataset, mnistPart } from '../../data/mnist-dataset.js';
import { selectedRows } from '../../data/selected-rows.js';
import { FileError } from '../../errors/failures.js';

const PIXELS = 784;
/** The training images that nobody trains on while settings are chosen. */
const VALIDATION_IMAGES = 10_000;

/** `test`: the 10,000 test images; `validation`: the last 10,000 training images, for choosing settings. */
export type ScoredOn = 'test' | 'validation';

export type NeverSeenData = {
  /** All ten digits: what the teacher learns from. */
  readonly all: Dataset;
  /** All of them but the digit, with their labels and without. */
  readonly others: Dataset;
  readonly unlabelled: Dataset;
  readonly scored: Dataset;
  /** The images behind `scored`, and which of them are the digit. */
  readonly split: MnistSplit;
  readonly digitRows: Uint32Array;
};

/** @throws FileError for data that is not MNIST, or in which the digit is not. */
export async function neverSeenData(
  dataDir: string,
  { withoutDigit, scoredOn }: { readonly withoutDigit: number; readonly scoredOn: ScoredOn },
  onNotice?: (text: string) => void,
): Promise<NeverSeenData> {
  const mnist = await loadMnist(dataDir, { ...(onNotice && { onNotice }) });
  const images = mnist.train.labels.length;
  const isTest = scoredOn === 'test';
  const train = isTest ? mnist.train : mnistPart(mnist.train, 0, images - VALIDATION_IMAGES);
  const split = isTest ? mnist.test : mnistPart(mnist.train, images - VALIDATION_IMAGES, images);
  const all = mnistDataset(train);
  const rows = rowsOf(train, (label) => label !== withoutDigit);
  const digitRows = rowsOf(split, (label) => label === withoutDigit);
  if (rows.length === 0 || digitRows.length === 0) {
    throw new FileError({
      where: dataDir,
      wanted: `training images of other digits than ${withoutDigit}, and test images of it`,
      got: `${rows.length} and ${digitRows.length}`,
      fix: 'name another digit (--without_digit), or use all of MNIST',
    });
  }
  const name = `${all.name} without ${withoutDigit}`;
  return {
    all,
    others: selectedRows(all, rows, name),
    unlabelled: selectedRows(imageDataset(all.name, train.images, PIXELS), rows, name),
    scored: mnistDataset(split),
    split,
    digitRows,
  };
}

function rowsOf({ labels }: MnistSplit, has: (label: number) => boolean): Uint32Array {
  return Uint32Array.from(Array.from(labels.keys()).filter((row) => has(labels[row] as number)));
}
