/** @file Training in a browser tab: nothing of Node is behind it. */
export type { TeacherOutputs } from '../browser/given-teacher.js';
export type { GivenTexts } from '../browser/given-texts.js';
export type { GivenVectors, StudentKind } from '../browser/new-student.js';
export { columnsOf, type FoundColumns, readTexts, type TextColumns } from '../browser/text-file.js';
export { type TrainedStudent, type TrainStudentOptions, trainStudent } from '../browser/train-student.js';
export { type StudentFiles, serveTraining, trainInWorker } from '../browser/training-worker.js';
export { type Batch, type Dataset, paddedRows, paddingWeights } from '../data/dataset.js';
export type { GivenFile } from '../data/given-file.js';
export { imageDataset } from '../data/images.js';
export {
  MNIST_NORMALISATION,
  type MnistDataset,
  type MnistSplit,
  mnistDataset,
  mnistPart,
  type Normalisation,
} from '../data/mnist-dataset.js';
export { perturbedImages } from '../data/perturbed-images.js';
export { hinton } from '../methods/hinton.js';
export type { Method } from '../methods/method.js';
export { supervised } from '../methods/supervised.js';
export { type MlpConfig, mlp } from '../models/mlp.js';
export type { Model, Weights } from '../models/model.js';
export { initialiseParameters } from '../nn/parameters.js';
export { adam } from '../optim/adam.js';
export { adamw } from '../optim/adamw.js';
export { modelTeacher } from '../teachers/model-teacher.js';
export type { Teacher } from '../teachers/teacher.js';
export { type Evaluation, type Evaluator, openEvaluator, type Predictions } from '../training/evaluation/evaluate.js';
export type { TrainingEvent } from '../training/run/events.js';
export { type MemoryRunOptions, type MemoryRunResult, trainInMemory } from '../training/run/memory-run.js';
