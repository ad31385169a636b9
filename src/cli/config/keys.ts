/**
 * @file What a retort.yaml can say. Each key sets an option of `retort distill`, whose kind, range, default and help it
 * has; reading, JSON Schema, the page of keys and the comments of `retort init` derive from this table.
 */
import { TEXT_SETS } from '../../data/text-sets.js';
import { distillUsage } from '../commands/distill.js';
import type { trainUsage } from '../commands/train.js';
import { defaultText, type OptionSpec, wantedText } from '../options.js';

type DistillOption = keyof typeof distillUsage.options;
type TrainOption = keyof typeof trainUsage.options;

export type ConfigKey = {
  readonly option: DistillOption;
  /** The option of `retort train` that it sets when that trains the teacher. */
  readonly teacher?: TrainOption;
  /** The same when it trains the student by itself. */
  readonly student?: TrainOption;
  /** `path`: starts at the config's folder; `name`: so, where there is something of that name; `prompt`: after an @. */
  readonly place?: 'path' | 'name' | 'prompt';
  /** `list`: a list of values, or one; `numbers`: a list of numbers; `words`: label -> a word, or a list of them. */
  readonly form?: 'list' | 'numbers' | 'words';
  /** Where the option takes more than the key. */
  readonly choices?: readonly string[];
  /** The values in words, where the option's own would not do. */
  readonly takes?: string;
  /** In the place of the option's help, where that speaks of flags. */
  readonly help?: string;
};

export type SectionName = 'task' | 'teacher' | 'student' | 'training' | 'evidence' | 'transfer' | 'machine';

/** The same option of both commands, for every model that is trained. */
const everywhere = <const O extends DistillOption & TrainOption>(option: O) =>
  ({ option, teacher: option, student: option }) as const;
/** For the student alone. */
const students = <const O extends DistillOption & TrainOption>(option: O) => ({ option, student: option }) as const;

export const SECTIONS = {
  task: {
    name: { ...everywhere('data'), choices: Object.keys(TEXT_SETS), help: 'a data set by name' },
    dir: { ...everywhere('dataDir'), place: 'path' },
    train: {
      ...everywhere('data'),
      place: 'path',
      help: 'in the place of name, a .csv, .tsv, .jsonl or .parquet file of your own',
    },
    dev: { ...everywhere('dev'), place: 'path', help: 'labelled texts to score on, columns as in train' },
    devShare: everywhere('devShare'),
    text: { ...everywhere('textColumn'), help: 'column of the texts [default: text]' },
    pair: { ...everywhere('pairColumn'), help: 'column of second texts' },
    label: { ...everywhere('labelColumn'), help: 'column of the labels, names or numbers from 0 [default: label]' },
    score: {
      ...everywhere('scoreColumn'),
      help: 'column of numbers to be predicted: a regression instead of classes',
    },
    maxLength: everywhere('maxLength'),
    metric: { option: 'metric' },
    rows: everywhere('rows'),
    dataSeed: {
      ...everywhere('dataSeed'),
      help: 'draws rows and the dev split; apart from the seeds of training, so that all runs see the same rows',
    },
    badRows: everywhere('badRows'),
  },
  teacher: {
    model: {
      option: 'teacher',
      teacher: 'model',
      place: 'name',
      help: 'a run, a folder, a model by name, an .onnx file',
    },
    models: { option: 'teacher', place: 'name', form: 'list', help: 'several, which teach by their mean' },
    recorded: { option: 'teacher', place: 'path', help: 'a .jsonl or .parquet file of recorded answers' },
    url: { option: 'teacher', takes: 'a URL', help: 'the endpoint of a language model' },
    epochs: {
      option: 'teacherEpochs',
      teacher: 'epochs',
      help: 'fine-tune the model on the training rows first, once, into the folder teacher of the output',
    },
    learningRate: {
      option: 'teacherLearningRate',
      teacher: 'learningRate',
      help: 'of that training [default: 3e-5; bilstm: 1e-3]',
    },
    batchSize: {
      option: 'teacherBatchSize',
      teacher: 'batchSize',
      help: 'of that training, rows of an optimiser step [default: 32; bilstm: 64]',
    },
    ensembleOf: { option: 'ensembleOf' },
    tokenizer: { option: 'teacherTokenizer', place: 'path' },
    use: { option: 'teacherUse' },
    name: { option: 'teacherModel', help: 'what the endpoint calls the model' },
    prompt: { option: 'teacherPrompt', place: 'prompt' },
    words: { option: 'teacherWords', form: 'words', takes: 'labels, each with a word or a list of words' },
    samples: { option: 'teacherSamples' },
    prices: { option: 'prices', form: 'numbers' },
    maxCost: { option: 'maxCost', help: 'what all its answers together may cost; with prices' },
    apiKeyEnv: { option: 'apiKeyEnv', takes: 'a name' },
    cacheDir: { option: 'cacheDir', place: 'path' },
  },
  student: {
    model: {
      ...students('model'),
      place: 'name',
      help: 'where the student starts: a model by name, a folder, a run; or bilstm',
    },
    layers: students('layers'),
    from: {
      ...students('from'),
      form: 'list',
      takes: 'pretrained, teacher, random, or a list of layers',
      help:
        "of an encoder, what it starts with: pretrained (the model's first layers), teacher (the teacher's), random (new " +
        'weights), or a list of layers counted from 1 [default: pretrained]',
    },
    assistants: {
      option: 'assistants',
      form: 'list',
      takes: 'a number of layers or a name, or a list of them',
      help: 'of method takd, the models between, largest first: numbers of layers of the model, or names such as bert-mini',
    },
    hidden: students('hidden'),
    embeddings: { ...students('vocabulary'), place: 'name' },
  },
  training: {
    epochs: students('epochs'),
    learningRate: students('learningRate'),
    batchSize: students('batchSize'),
    schedule: students('schedule'),
    warmup: {
      ...students('warmup'),
      help: 'share of the steps over which the learning rate rises [default: 0.1; 0 with schedule constant]',
    },
    weightDecay: students('weightDecay'),
    maxGradNorm: students('maxGradNorm'),
    maxSteps: everywhere('maxSteps'),
    limitTrainBatches: everywhere('limitTrainBatches'),
    tokensPerRun: everywhere('tokensPerRun'),
    strict: everywhere('strict'),
  },
  evidence: {
    seeds: { option: 'seeds' },
    controls: { option: 'controls', form: 'list', takes: 'a name, or a list of names' },
    smallestEffect: { option: 'smallestEffect' },
  },
  transfer: {
    file: { option: 'transfer', place: 'path', help: 'more texts for the teacher to label, columns as in train' },
  },
  machine: { threads: everywhere('threads'), device: everywhere('device') },
} as const satisfies Readonly<Record<SectionName, Readonly<Record<string, ConfigKey>>>>;

/** All that may stand at the left margin, in the order in which `retort init` writes it. */
export const TOP_LEVEL = {
  task: 'what is to be learnt: a data set by name, or a file of your own',
  teacher: 'who teaches: a name or path alone, a list of several, or keys',
  student: 'the model that learns',
  method: 'how the student learns from the teacher: a name, or a name with options of that method',
  training: 'how the student is trained',
  transfer: 'more texts for the teacher to label; a path alone, or keys',
  evidence: 'what the method has to beat, and how often it is tried',
  output: 'folder of the results [default: outputs/DATA-METHOD]',
  machine: 'what it runs on',
} as const satisfies Readonly<Record<SectionName | 'method' | 'output', string>>;

/** A key without section. */
export const OUTPUT = { option: 'outputDir', place: 'path', help: TOP_LEVEL.output } as const satisfies ConfigKey;

/** What may be written in a section's place: `teacher: outputs/teacher`, and a list for several. */
export const SHORT_FORMS: Readonly<Partial<Record<SectionName, { readonly value: string; readonly list?: string }>>> = {
  teacher: { value: 'model', list: 'models' },
  transfer: { value: 'file' },
};

/** Keys of which one says what the section is about; two of them contradict each other. */
export const ONE_OF: Readonly<Partial<Record<SectionName, readonly string[]>>> = {
  task: ['name', 'train'],
  teacher: ['model', 'models', 'recorded', 'url'],
};

/** Options of `retort distill` without a key: what is done on one day, not what the experiment is. */
export const FLAG_ONLY = [
  ...(['resume', 'overwrite', 'json', 'quiet', 'dryRun'] as const),
  // The user's word on a config that somebody else may have written.
  ...(['allowKeyEnv', 'insecureHttp'] as const),
] as const satisfies DistillOption[];

/** Options that the section `method` sets. */
export const METHOD_OPTIONS = ['method', 'alpha', 'temperature', 'methodOptions'] as const satisfies DistillOption[];

/** A key of a section by its names, or undefined. */
export function keyOf(section: SectionName, name: string): ConfigKey | undefined {
  const keys: Readonly<Record<string, ConfigKey>> = SECTIONS[section];
  return Object.hasOwn(keys, name) ? keys[name] : undefined;
}

export function isSection(name: string): name is SectionName {
  return Object.hasOwn(SECTIONS, name);
}

/** The option behind a key. */
export function specOf({ option }: Pick<ConfigKey, 'option'>): OptionSpec {
  return distillUsage.options[option];
}

/** What a key is, for schema and page. */
export function describeKey(key: ConfigKey): { readonly default: string; readonly help: string } {
  const spec = specOf(key);
  const [, help = '', said = ''] = /^(.*?)(?: \[default: (.*)\])?$/s.exec(key.help ?? spec.help) ?? [];
  return { default: said || (defaultText(spec) ?? ''), help };
}

/** The values that a key takes, in words. */
export function takenBy(key: ConfigKey): string {
  const { takes, choices, place, form } = key;
  if (takes !== undefined) return takes;
  if (choices !== undefined) return `one of ${choices.join(', ')}`;
  if (form === 'numbers') return 'a list of numbers';
  const spec = specOf(key);
  if (place !== undefined) return form === 'list' ? 'a list of names or paths' : PLACES[place];
  return spec.kind === 'switch' ? 'true or false' : wantedText(spec);
}

const PLACES = { path: 'a path', name: 'a name or a path', prompt: 'a text, or @ and a path' } as const;
