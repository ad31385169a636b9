export { type Batch, type Dataset, paddedRows, paddingWeights } from '../data/dataset.js';
export { decodeIdx, type Idx, readIdx } from '../data/idx.js';
export { imageDataset } from '../data/images.js';
export {
  loadMnist,
  MNIST_NORMALISATION,
  type Mnist,
  type MnistDataset,
  type MnistSplit,
  mnistDataset,
  type Normalisation,
} from '../data/mnist.js';
export { batchesInOrder, type Cursor, epochBatches, type ShuffledBatch } from '../data/shuffle.js';
