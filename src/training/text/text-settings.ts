/** @file How a model of texts is trained where nobody says otherwise: by its kind, as the field does. */
import type { Model } from '../../models/model.js';
import { adam } from '../../optim/adam.js';
import { adamw } from '../../optim/adamw.js';
import { isUsuallyUndecayed } from '../../optim/groups.js';
import { layerwiseGroups } from '../../optim/layer-wise.js';
import type { Optimizer } from '../../optim/optimizer.js';
import type { ScheduleName } from '../../optim/schedules.js';
import type { Portion } from '../run/batch-limits.js';
import type { RunOptions } from '../run/run-options.js';
import { planTraining } from '../run/train.js';
import { planTexts } from '../step/micro-batches.js';

/** Each setting has a default by the kind of model (`usualSettings`). */
export type TextSettings = {
  readonly epochs?: number;
  /** The largest, after the warm-up. */
  readonly learningRate?: number;
  /** Rows of an optimiser step. */
  readonly batchSize?: number;
  /** Of weights, not of biases and norms. */
  readonly weightDecay?: number;
  /** Gradients are clipped at this global norm; 0 for never. */
  readonly maxGradNorm?: number;
  readonly schedule?: ScheduleName;
  /** Share of the steps over which the learning rate rises. Default: 0.1; 0 with a constant schedule. */
  readonly warmup?: number;
  /** Of an encoder: the rate of each layer as a share of that of the layer above it. Default: 1. */
  readonly layerDecay?: number;
  readonly maxSteps?: number;
  readonly tokensPerRun?: number;
  readonly limitTrainBatches?: Portion;
};

type Usual = {
  readonly optimizer: (settings: { learningRate: number; weightDecay: number }) => Optimizer;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly maxGradNorm: number;
  readonly schedule: ScheduleName;
  /** Epochs without a better model after which a single training ends; 0 for never. */
  readonly patience: number;
};

/** As BERT is fine-tuned (Devlin et al. 2019, appendix A.3). */
const ENCODER: Usual = {
  optimizer: adamw,
  learningRate: 3e-5,
  weightDecay: 0.01,
  epochs: 3,
  batchSize: 32,
  maxGradNorm: 1,
  schedule: 'linear',
  patience: 0,
};

/** Adam in the place of AdaDelta, whose learning rate Tang et al. 2019 (arXiv:1903.12136) had to choose with care. */
const BILSTM: Usual = {
  optimizer: adam,
  learningRate: 1e-3,
  weightDecay: 0,
  epochs: 30,
  batchSize: 64,
  maxGradNorm: 5,
  schedule: 'constant',
  patience: 5,
};

const WARMUP_SHARE = 0.1;

/** What a kind of model is trained with unless told otherwise. */
export function usualSettings({ kind }: Pick<Model, 'kind'>): Usual {
  return kind === 'bilstm' ? BILSTM : ENCODER;
}

/** As flags come: what was not given is there and undefined. */
type Given<T> = { readonly [K in keyof T]: T[K] | undefined };

type TextRun = Required<Pick<RunOptions, 'optimizer' | 'schedule' | 'warmupSteps' | 'epochs' | 'batchSize'>> &
  Pick<RunOptions, 'groups' | 'maxGradNorm' | 'maxSteps' | 'tokensPerRun' | 'limitTrainBatches'>;

/**
 * The settings as a training run takes them.
 * @throws OptionError for numbers out of range.
 */
export function textRun(settings: Given<TextSettings>, model: Model, train: RunOptions['data']['train']): TextRun {
  const usual = usualSettings(model);
  const names = model.parameters.map(({ name }) => name);
  const {
    epochs = usual.epochs,
    batchSize = usual.batchSize,
    learningRate = usual.learningRate,
    weightDecay = usual.weightDecay,
    maxGradNorm = usual.maxGradNorm,
    schedule = usual.schedule,
    warmup = schedule === 'constant' ? 0 : WARMUP_SHARE,
    layerDecay,
    maxSteps,
    tokensPerRun,
    limitTrainBatches,
  } = settings;
  const sized = {
    epochs,
    batchSize,
    ...(maxSteps !== undefined && { maxSteps }),
    ...(tokensPerRun !== undefined && { tokensPerRun }),
    ...(limitTrainBatches && { limitTrainBatches }),
  };
  const groups = [
    ...(layerDecay === undefined ? [] : layerwiseGroups(names, { decay: layerDecay, isUndecayed: isUsuallyUndecayed })),
    // Of what a method trains beside the model too.
    ...(weightDecay > 0 ? [{ match: isUsuallyUndecayed, weightDecay: 0 }] : []),
  ];
  const text = planTexts(train, tokensPerRun);
  const { totalSteps } = planTraining({ ...sized, rows: train.size, ...(text && { text }) });
  return {
    ...sized,
    optimizer: usual.optimizer({ learningRate, weightDecay }),
    ...(groups.length > 0 && { groups }),
    ...(maxGradNorm > 0 && { maxGradNorm }),
    schedule,
    warmupSteps: Math.round(warmup * totalSteps),
  };
}
