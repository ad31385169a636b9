/** @file How a student learns from its teacher, and what has to be shown before that counts as a gain. */

import { ASKED_METRICS, type JudgedMetric } from '../../metrics/table.js';
import type { SettingTable } from '../../options/setting.js';
import { CONTROLS, DEFAULT_CONTROLS, NO_CONTROLS } from './controls.js';

/** The method, as names and options of a command line. */
export type MethodSettings = {
  /** Default: `hinton`. */
  readonly method?: string;
  /** Weight of the distillation term. Default: the method's. */
  readonly alpha?: number;
  /** Softens both distributions. Default: the method's. */
  readonly temperature?: number;
  /** Other options of the method: `beta=100,layerMap=skip`. */
  readonly methodOptions?: string;
};

const of = { only: ['distill'], group: 'Distillation' } as const;

export const METHOD_SETTINGS = {
  method: {
    ...of,
    kind: 'text',
    placeholder: 'name',
    default: 'hinton',
    help: 'distillation method; names at the end of this page',
  },
  alpha: {
    ...of,
    kind: 'number',
    min: 0,
    max: 1,
    help: 'weight of the distillation term; the labels get 1 - alpha',
    defaultSays: 'the method’s',
  },
  temperature: {
    ...of,
    kind: 'number',
    above: 0,
    help: 'temperature of the softmax on both sides',
    defaultSays: 'the method’s',
  },
  methodOptions: {
    ...of,
    kind: 'text',
    placeholder: 'name=value,…',
    help: 'other options of the method, such as beta=100,layerMap=skip',
  },
} as const satisfies SettingTable<MethodSettings>;

export type DistillationSettings = {
  /** Of method takd, the models between, largest first: numbers of layers of `model`, or names such as bert-mini. */
  readonly assistants?: string;
  /** A file of more texts for the teacher alone to label. */
  readonly transfer?: string;
  /** So many copies of each training row with a quarter of its words left out (`deletion`), for the teacher alone to label. */
  readonly transferCopies?: number;
};

export const DISTILLATION_SETTINGS = {
  assistants: {
    ...of,
    kind: 'text',
    placeholder: 'models',
    help: 'for method takd: teacher assistants, largest first: numbers of layers of --model, or names such as bert-mini',
    yaml: {
      section: 'student',
      form: 'list',
      takes: 'a number of layers or a name, or a list of them',
      help: 'for method takd: teacher assistants, largest first: numbers of layers of the model, or names such as bert-mini',
    },
  },
  transfer: {
    ...of,
    kind: 'text',
    placeholder: 'file',
    group: 'Data',
    help: 'transfer set: unlabelled texts for the teacher to label, columns as in DATA',
    yaml: {
      key: 'file',
      place: 'path',
      help: 'transfer set: unlabelled texts for the teacher to label, columns as in train',
    },
  },
  transferCopies: {
    ...of,
    kind: 'integer',
    min: 1,
    max: 100,
    group: 'Data',
    help: 'copies of each training text with a quarter of its words left out, for the teacher to label',
    yaml: { key: 'copies' },
  },
} as const satisfies SettingTable<DistillationSettings>;

export type EvidenceSettings = {
  /** What the method has to beat, by name, separated by commas; `none` for the method alone, without a verdict. */
  readonly controls?: string;
  /** Each arm runs on seeds 1 to this. Default: 5. */
  readonly seeds?: number;
  /** Metric of the verdict. Default: the first metric of the data set. */
  readonly metric?: JudgedMetric;
  /** The smallest gain in points that is worth having. Default: 0.5. */
  readonly smallestEffect?: number;
};

const evidence = { only: ['distill'], group: 'Evidence' } as const;

export const EVIDENCE_SETTINGS = {
  seeds: {
    ...evidence,
    kind: 'integer',
    default: 5,
    min: 1,
    max: 1000,
    help: 'number of seeds: each arm runs on seeds 1 to N',
  },
  controls: {
    ...evidence,
    kind: 'text',
    placeholder: 'names',
    default: DEFAULT_CONTROLS.join(','),
    help: `control arms (ablation): ${CONTROLS.join(', ')}; or ${NO_CONTROLS}, which compares nothing`,
    yaml: { form: 'list', takes: 'a name, or a list of names' },
  },
  smallestEffect: {
    ...evidence,
    kind: 'number',
    default: 0.5,
    above: 0,
    help: 'smallest gain of interest, in points',
    decidesNothing: 'a question asked of the outcome',
  },
  metric: {
    ...evidence,
    kind: 'choice',
    choices: ASKED_METRICS,
    saidAs: ['metrics'],
    help: 'metric of the verdict',
    defaultSays: 'the first metric of the data set',
    yaml: { section: 'task' },
  },
} as const satisfies SettingTable<EvidenceSettings>;
