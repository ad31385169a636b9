/** @file How a model of texts is trained where nobody says otherwise: by its kind, as the field does. */
import { OptionError } from '../../errors/failures.js';
import type { Model } from '../../models/model.js';
import { adam } from '../../optim/adam.js';
import { adamw } from '../../optim/adamw.js';
import { isUsuallyUndecayed } from '../../optim/groups.js';
import { layerwiseGroups } from '../../optim/layer-wise.js';
import { type Given, givenOptions } from '../../options/given.js';
import type { ModelSort } from '../../options/option-spec.js';
import type { Setting } from '../../options/setting.js';
import type { RunOptions } from '../run/run-options.js';
import { planOn, type TrainingLength } from '../run/train.js';
import { STEPS_OF_FEW_ROWS, TEXT_SETTINGS, type TextSettings } from './text-settings.js';

/**
 * AdamW as BERT is fine-tuned (Devlin et al. 2019, appendix A.3); Adam in the place of AdaDelta, whose learning rate Tang et al.
 * 2019 (arXiv:1903.12136) had to choose with care.
 */
const OPTIMIZERS = { encoder: adamw, bilstm: adam, ngram: adam, static: adam } as const satisfies Record<
  ModelSort,
  unknown
>;

const WARMUP_SHARE = 0.1;

type Usual = {
  readonly [K in keyof typeof TEXT_SETTINGS as (typeof TEXT_SETTINGS)[K] extends { usual: object }
    ? K
    : never]-?: NonNullable<TextSettings[K]>;
};

/** The defaults of the settings that have one for each sort of model. */
export function usualSettings({ sort = 'encoder' }: Pick<Model, 'sort'>): Usual {
  const usual = Object.entries<Setting>(TEXT_SETTINGS).flatMap(([name, setting]) =>
    'usual' in setting && setting.usual !== undefined ? [[name, setting.usual[sort]]] : [],
  );
  return Object.fromEntries(usual) as Usual; // as the type says by the same table
}

/** Settings that become something else in a run: the solver, the optimiser and its groups, steps, what chooses among epochs, several tasks. */
const WORKED_IN = [
  'solver',
  'strength',
  'learningRate',
  'weightDecay',
  'adamEpsilon',
  'maxGradNorm',
  'schedule',
  'warmup',
  'layerDecay',
  'sampling',
  'earlyStopping',
  'monitor',
] as const satisfies readonly (keyof TextSettings)[];

type HandedOn = Exclude<keyof TextSettings, (typeof WORKED_IN)[number]>;
/** All others: the run has them under the same name. */
export const HANDED_ON = Object.keys(TEXT_SETTINGS).filter(
  (name) => !WORKED_IN.some((worked) => worked === name),
) as HandedOn[]; // by the rule of the type

/** The epochs of a sort of model: more of few rows, so that there are enough steps. @param stepsPerEpoch asked for where it matters */
export function usualEpochs({ sort = 'encoder' }: Pick<Model, 'sort'>, stepsPerEpoch: () => number): number {
  const few = STEPS_OF_FEW_ROWS[sort];
  const epochs = TEXT_SETTINGS.epochs.usual[sort];
  if (few === undefined) return epochs;
  return Math.max(epochs, Math.min(few.mostEpochs, Math.ceil(few.least / stepsPerEpoch())));
}

function stepsOfEpoch(length: Omit<TrainingLength, 'epochs'>, train: RunOptions['data']['train']): number {
  return planOn({ ...length, epochs: 1, maxSteps: undefined }, train).stepsPerEpoch;
}

/** What layer-wise rates are for. */
export const ONE_RATE = { wanted: 'an encoder, whose layers have rates of their own', fix: 'leave it out' } as const;

export type TextRun = Required<Pick<RunOptions, 'optimizer' | 'schedule' | 'warmupSteps' | 'epochs' | 'batchSize'>> &
  Pick<RunOptions, 'groups' | 'maxGradNorm' | HandedOn>;

/**
 * The settings as a training run takes them.
 * @param rateOf the learning rate of so many epochs where none is given. Default: that of the sort of model.
 * @throws OptionError for numbers out of range.
 */
export function textRun(
  settings: Given<TextSettings>,
  model: Model,
  train: RunOptions['data']['train'],
  rateOf?: (epochs: number) => number | undefined,
): TextRun {
  const usual = usualSettings(model);
  const names = model.parameters.map(({ name }) => name);
  const { batchSize = usual.batchSize } = settings;
  const {
    epochs = usualEpochs(model, () => stepsOfEpoch({ ...givenOptions(settings, HANDED_ON), batchSize }, train)),
    learningRate = rateOf?.(epochs) ?? usual.learningRate,
    weightDecay = usual.weightDecay,
    adamEpsilon = TEXT_SETTINGS.adamEpsilon.default,
    maxGradNorm = usual.maxGradNorm,
    schedule = usual.schedule,
    warmup = schedule === 'constant' ? 0 : WARMUP_SHARE,
    layerDecay,
  } = settings;
  if (layerDecay !== undefined && (model.sort ?? 'encoder') !== 'encoder') {
    throw new OptionError({ where: 'layerDecay', ...ONE_RATE, got: `a ${model.kind}` });
  }
  const handedOn = { ...givenOptions(settings, HANDED_ON), epochs, batchSize };
  const groups = [
    ...(layerDecay === undefined ? [] : layerwiseGroups(names, { decay: layerDecay, isUndecayed: isUsuallyUndecayed })),
    // Of what a method trains beside the model too.
    ...(weightDecay > 0 ? [{ match: isUsuallyUndecayed, weightDecay: 0 }] : []),
  ];
  return {
    ...handedOn,
    optimizer: OPTIMIZERS[model.sort ?? 'encoder']({ learningRate, weightDecay, epsilon: adamEpsilon }),
    ...(groups.length > 0 && { groups }),
    ...(maxGradNorm > 0 && { maxGradNorm }),
    schedule,
    warmupSteps: Math.round(warmup * planOn(handedOn, train).totalSteps),
  };
}
