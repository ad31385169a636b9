/** @file What `retort init` proposes for a set of texts, each value with its reason. */

import { formatCount } from '../../errors/number-text.js';
import type { MeasuredGain } from '../../experiments/use-figure.js';
import {
  figuresOf,
  promisesGain,
  type TaskOutline,
  type UseCase,
  type whatToUse,
} from '../../experiments/what-to-use.js';
import { FIGURES } from '../../experiments/what-to-use-figures.js';
import { usualEpochs } from '../../training/text/text-run.js';
import { TEXT_SETTINGS } from '../../training/text/text-settings.js';
import { distillUsage } from '../commands/distill/usage.js';
import type { DataFacts } from './data-facts.js';
import type { TOP_LEVEL } from './keys.js';

export type ProposedValue = string | number | boolean | readonly (string | number)[];

export type ProposedLine = {
  readonly key: string;
  readonly value: ProposedValue;
  /** Why this value, and which others there are. */
  readonly why: string;
  /** Written as a comment: what may be taken instead, or besides. */
  readonly isOff?: true;
};

export type ProposedSection = {
  readonly section: keyof typeof TOP_LEVEL;
  /** Of `output`, which is a value by itself. */
  readonly value?: ProposedValue;
  readonly why: string;
  readonly lines: readonly ProposedLine[];
};

/** Where the rows are from, as `task` says it. */
export type DataSource = {
  readonly name: string;
  /** Lines of the section `task` that say where the texts, labels and dev split are. */
  readonly lines: readonly ProposedLine[];
  /** Of a data set by name. */
  readonly metric?: string;
  /** Rows of a dev split of its own. */
  readonly devRows?: number;
  /** Unlabelled texts, and where a config says they are. */
  readonly pool?: { readonly file: string; readonly rows: number };
};

const DEV_SHARE = 0.1;
const [LEAST_LENGTH, MOST_LENGTH] = [16, 256];
/** An estimate that is a little low should not cut more rows than it says. */
const ROOM = 1.05;
/** A label with a larger share makes accuracy easy to have. */
const LOPSIDED = 0.75;
const { smallestEffect } = distillUsage.options;
const ENCODER_BATCH = TEXT_SETTINGS.batchSize.usual.encoder;
/** Of a student that is no encoder. */
const SMALL_BATCH = TEXT_SETTINGS.batchSize.usual.bilstm;

/** Every key of the result is one of `SECTIONS`, in range. @param line of the table of what to use when */
export function proposeConfig(line: UseCase, facts: DataFacts, source: DataSource): ProposedSection[] {
  const { use } = line;
  const trainRows = trainingRows(facts, source);
  const pool = source.pool?.rows ?? (use.copies ?? 0) * trainRows;
  return [
    task(line, facts, source),
    teacher(line, trainRows),
    student(line),
    method(line, facts),
    ...training(line, trainRows + pool),
    ...transfer(line, source),
    evidence(line, facts, source),
    {
      section: 'output',
      value: `outputs/${source.name}`,
      why: 'The teacher, every run, the record and the report.',
      lines: [],
    },
  ];
}

/** Those that are left where there is no validation split. */
function trainingRows({ rows }: DataFacts, { devRows }: DataSource): number {
  return devRows === undefined ? rows - Math.round(DEV_SHARE * rows) : rows;
}

/** The task as the table of what to use when asks for it. */
export function outlineOf(facts: DataFacts, source: DataSource, latencyUs: number | undefined): TaskOutline {
  const { words, isPair, isRegression, labels } = facts;
  return {
    rows: trainingRows(facts, source) - facts.unlabelled,
    medianWords: words.median,
    classes: isRegression ? 1 : labels.length,
    isPair,
    poolRows: source.pool?.rows ?? 0,
    latencyUs,
  };
}

function task({ use }: UseCase, facts: DataFacts, source: DataSource): ProposedSection {
  const { words, tokens95 } = facts;
  const isWhole = use.student.model === 'ngram';
  const length = Math.min(MOST_LENGTH, Math.max(LEAST_LENGTH, 16 * Math.ceil((ROOM * tokens95) / 16)));
  const cut =
    length < tokens95
      ? `; longer ones are truncated; a higher value, up to 512, truncates fewer and takes more time`
      : '';
  return {
    section: 'task',
    why: '',
    lines: [
      ...source.lines,
      {
        key: 'maxLength',
        value: length,
        why: `Maximum tokens per text${isWhole ? ', teacher and student alike; without it the teacher reads 128, n-grams read whole texts' : ''}. Half of the texts have at most ${words.median} words, 95 % at most ${words.most95} (about ${tokens95} tokens), the longest ${formatCount(words.longest)}${cut}.`,
        ...(isWhole && { isOff: true }),
      },
      metric(facts, source),
    ],
  };
}

function metric({ isRegression, labels, rows }: DataFacts, source: DataSource): ProposedLine {
  const line = (value: string, why: string): ProposedLine => ({ key: 'metric', value, why });
  if (source.metric !== undefined) return line(source.metric, 'Metric of the verdict; usual for this data set.');
  if (isRegression)
    return line('pearson', 'Metric of the verdict: correlation with the scores; or spearman, of ranks.');
  const largest = labels.reduce((most, label) => (label.rows > most.rows ? label : most), { name: '', rows: 0 });
  const share = largest.rows / rows;
  if (share < LOPSIDED) {
    return line(
      'accuracy',
      `Metric of the verdict. The largest label, ${largest.name}, has ${(100 * share).toFixed(0)} % of the rows; or macro_f1, in which all labels have the same weight.`,
    );
  }
  const why = `Metric of the verdict. ${(100 * share).toFixed(0)} % of the rows are ${largest.name}, so accuracy is high for a model that has learnt nothing`;
  // F1 is of the second of two labels, and says little of the larger one.
  return labels.length === 2 && labels[1]?.name !== largest.name
    ? line('f1', `${why}; F1 is of ${labels[1]?.name ?? ''}.`)
    : line('macro_f1', `${why}; macro F1 is the mean over the labels; or matthews.`);
}

function teacher({ use }: UseCase, trainRows: number): ProposedSection {
  const training = 'solver' in use.teacher ? solverLines(use.teacher) : stepLines(use.teacher, trainRows);
  return {
    section: 'teacher',
    why: 'Trained once on the training rows, into the folder teacher of the output. Instead: a run or a folder alone (teacher: outputs/mine), a list of several, recorded outputs, or a language model by its url. A teacher that is no better than the linear baseline cannot help.',
    lines: [
      {
        key: 'model',
        value: 'minilm-l6',
        why: 'Small enough for a laptop (22.7 M parameters). bert-base is stronger and takes about eight times as long.',
      },
      ...training,
    ],
  };
}

function solverLines({ solver }: { readonly solver: 'convex' }): ProposedLine[] {
  const why =
    'A last layer on the mean over its tokens is fitted in seconds, and the model stays as it is: with few rows a class better than fine-tuning, which epochs: 20 in its place does.';
  return [{ key: 'solver', value: solver, why }];
}

function stepLines({ learningRate }: { readonly learningRate: number }, trainRows: number): ProposedLine[] {
  const steps = stepsPerEpoch(trainRows, ENCODER_BATCH);
  const epochs = usualEpochs({ sort: 'encoder' }, () => steps);
  const why = `As retort train has by default: ${formatCount(steps * epochs)} steps of ${ENCODER_BATCH} rows.`;
  return [
    { key: 'epochs', value: epochs, why },
    { key: 'learningRate', value: learningRate, why: 'Usual for fine-tuning: 2e-5 to 1e-4.' },
  ];
}

function student({ use, why }: UseCase): ProposedSection {
  const others =
    'Or minilm-l6 with layers: 3, where it may take milliseconds; bilstm, static or ngram; a folder; a model by name.';
  const [model, ...settings] = Object.entries(use.student).map(([key, value]) => ({ key, value }));
  return {
    section: 'student',
    why: '',
    lines: [
      ...(model === undefined ? [] : [{ ...model, why: `${upper(use.says)}. ${why} ${others}` }]),
      ...settings.map((line) => ({ ...line, why: 'As in the measurements.' })),
    ],
  };
}

function method({ use }: UseCase, { isRegression }: DataFacts): ProposedSection {
  const { alpha, temperature } = use.method;
  return {
    section: 'method',
    why: '',
    lines: [
      {
        key: 'name',
        value: 'hinton',
        why: `The teacher's ${isRegression ? 'scores' : 'probabilities'}, for any pair of models.`,
      },
      {
        key: 'alpha',
        value: alpha,
        why: `Weight of the teacher; the ${isRegression ? 'scores of the data' : 'labels'} get the rest.`,
      },
      ...(isRegression ? [] : [{ key: 'temperature', value: temperature, why: 'Above 1 it softens the targets.' }]),
    ],
  };
}

/** None of a student that is fitted at once. */
function training({ use }: UseCase, learnt: number): ProposedSection[] {
  const { training: by } = use;
  if (by === undefined) return [];
  const steps = stepsPerEpoch(learnt, SMALL_BATCH);
  const { least, most } = by.epochs;
  const epochs = Math.min(most, Math.max(least, Math.ceil(by.leastSteps / steps)));
  return [
    {
      section: 'training',
      why: '',
      lines: [
        {
          key: 'epochs',
          value: epochs,
          why: `At most: ${formatCount(steps * epochs)} steps of ${SMALL_BATCH} rows per run, training rows and pool.`,
        },
        {
          key: 'earlyStopping',
          value: by.earlyStopping,
          why: 'Stops after so many epochs without a better score on a tenth of the training rows, and takes the best epoch.',
        },
      ],
    },
  ];
}

function transfer({ use }: UseCase, { pool }: DataSource): ProposedSection[] {
  const lines: readonly ProposedLine[] = [
    ...(pool === undefined
      ? []
      : [{ key: 'file', value: pool.file, why: `${formatCount(pool.rows)} texts for the teacher alone to label.` }]),
    ...(use.copies === undefined || pool !== undefined
      ? []
      : [
          {
            key: 'copies',
            value: use.copies,
            why: 'Copies of each training text with a quarter of its words left out. Better: file, unlabelled texts of the same kind.',
          },
        ]),
  ];
  return lines.length === 0 ? [] : [{ section: 'transfer', why: '', lines }];
}

function evidence({ use }: UseCase, facts: DataFacts, { devRows }: DataSource): ProposedSection {
  const rows = devRows ?? Math.round(DEV_SHARE * facts.rows);
  const names = use.controls;
  const point = 100 / Math.max(1, rows);
  const least = Math.max(smallestEffect.default, Math.ceil(10 * point) / 10);
  const others = facts.isRegression ? 'shuffled-teacher' : 'hard-labels and shuffled-teacher';
  return {
    section: 'evidence',
    why: 'Control arms: the same student without the teacher and a linear model, on the same seeds.',
    lines: [
      {
        key: 'seeds',
        value: use.seeds,
        why: `${use.seeds * (names.length + 1)} runs in all. More can be added later: --resume --seeds 10.`,
      },
      {
        key: 'controls',
        value: names,
        why: `What has to be beaten. With ${others} too, it can tell whether soft targets helped, in about twice the time.`,
      },
      {
        key: 'smallestEffect',
        value: least,
        why: facts.isRegression
          ? 'Smallest gain of interest, in points of the metric (times 100).'
          : `Smallest gain of interest, in points. One of about ${formatCount(rows)} validation rows is ${point.toPrecision(2)} points.`,
      },
    ],
  };
}

function stepsPerEpoch(rows: number, batch: number): number {
  return Math.max(1, Math.ceil(rows / batch));
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What to use, what to expect of it and by which figures, for the head of the config and the terminal. */
export function expectationLines({ line, isFastEnough }: ReturnType<typeof whatToUse>, asked?: number): string[] {
  const figures = figuresOf(line);
  const measured = figures.map(
    ({ set, student: of, rows, pool, gain, overLinear, recipe }) =>
      `measured on ${set} (${formatCount(rows)} rows${pool > 0 ? `, ${formatCount(pool)} texts` : ''}; ${of}): a teacher added ${gainWords(gain)}, and ${gainWords(overLinear)} over the linear model; npm run recipe -- ${recipe}`,
  );
  // The line's own runs, the longest of them; where it has none, those of the student that its latency is taken from.
  const timed = figures.length > 0 ? figures : [FIGURES[line.use.timedBy]].flatMap((figure) => figure ?? []);
  const [slowest] = timed.toSorted((a, b) => b.seconds - a.seconds);
  const took = slowest && `; on ${slowest.set} a run of such a student took ${Math.ceil(slowest.seconds)} s`;
  const promise = promisesGain(line)
    ? 'expect a gain over labels alone and over the linear model'
    : 'no gain from the teacher is promised: ship what the experiment says, often the linear model';
  return [
    `case: ${line.says}; use ${line.use.says}`,
    promise,
    ...(measured.length === 0 ? ['not measured yet'] : measured),
    `how long: retort distill --dry_run times it on this machine, the teacher's training included${took ?? ''}`,
    ...(isFastEnough || asked === undefined
      ? []
      : [`no student that was measured for this case has ${formatCount(asked)} µs per text: this is the fastest`]),
  ];
}

function gainWords(gain: MeasuredGain | undefined): string {
  if (gain === undefined) return 'points that nobody has an interval of';
  return `${gain.mean.toFixed(1)} points [${gain.low.toFixed(1)}, ${gain.high.toFixed(1)}]`;
}
