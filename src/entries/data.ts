export { type Batch, type Dataset, paddedRows, paddingWeights } from '../data/dataset.js';
export { type TextReading, textsOfFile } from '../data/file-texts.js';
export type { TextFormat } from '../data/formats/table.js';
export type { ColumnName } from '../data/formats/table-rows.js';
export { GLUE_SETS, type GlueName, glue } from '../data/glue.js';
export { decodeIdx, type Idx, readIdx } from '../data/idx.js';
export { imageDataset } from '../data/images.js';
export type { LabelOptions } from '../data/label-column.js';
export { MASK_RATE, type MaskingOptions, maskTokens } from '../data/masked-texts.js';
export { loadMnist, type Mnist } from '../data/mnist.js';
export {
  MNIST_NORMALISATION,
  type MnistDataset,
  type MnistSplit,
  mnistDataset,
  mnistPart,
  type Normalisation,
} from '../data/mnist-dataset.js';
export { type OpenedTask, openTask } from '../data/open-task.js';
export { readTextTable } from '../data/read-text-table.js';
export { type ReadTextTaskOptions, readTextTask } from '../data/read-text-task.js';
export { type RowsByText, rowsByText } from '../data/rows-by-text.js';
export { SAMPLINGS, type Sampling, taskProbabilities } from '../data/sampling.js';
export { batchesInOrder, type Cursor, epochBatches, type ShuffledBatch } from '../data/shuffle.js';
export {
  largestRemainder,
  type Portion,
  stratifiedRows,
  stratifiedSplit,
  stratifiedSubset,
  withDev,
} from '../data/stratified.js';
export type { ReadTextTableOptions } from '../data/table-of-rows.js';
export {
  readTaggedTexts,
  type TaggedColumns,
  type TaggedDatasetOptions,
  type TaggedSentence,
  taggedDataset,
} from '../data/tagged-texts.js';
export { type TaskMixture, type TaskRows, taskMixture } from '../data/task-mixture.js';
export type { TaskSettings } from '../data/task-settings.js';
export { type TextDatasetOptions, type TextReader, textDataset } from '../data/text-dataset.js';
export type { TextRows } from '../data/text-rows.js';
export type { LoadTextSetOptions, TextSet } from '../data/text-set.js';
export { isTextSetName, loadTextSet, TEXT_SETS, type TextSetName } from '../data/text-sets.js';
export {
  joinTables,
  labelCounts,
  selectRows,
  type TextColumns,
  type TextTable,
  textTable,
  withoutLabels,
} from '../data/text-table.js';
export { SPLITS, type SplitName, splitOf, type TaskMetric, type TextTask } from '../data/text-task.js';
export { openUnlabelled } from '../data/unlabelled-texts.js';
export type { FileReading } from '../options/file-reading.js';
export { NO_LABEL } from '../tensor/no-label.js';
