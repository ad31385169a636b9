/**
 * @file What to use when: a line per case, from which `retort init` proposes and of which `docs/results.md` makes its first
 * table. The first line that fits is taken. What a line may promise is not written here: its figures are those of results/
 * (`what-to-use-figures.ts`), and a gain is promised where every one of them has a 95 % interval above 0, over the same student
 * without a teacher and over the linear baseline.
 *
 * To add a line: run its recipe; name the result in the table of `recipes/what-to-use.recipe.ts`; write the line here, with that
 * name as its evidence; then `npm run recipe -- results-page`. Evidence that results/ does not have yet may be named: until it
 * has, the line promises nothing by it.
 */
import type { Control } from './distillation/controls.js';
import type { MeasuredGain, UseFigure } from './use-figure.js';
import { FIGURES } from './what-to-use-figures.js';

/** What is known of a task before anything is trained. */
export type TaskOutline = {
  /** Labelled rows to train on. */
  readonly rows: number;
  /** Words of a row at the median. */
  readonly medianWords: number;
  /** 1 of a regression. */
  readonly classes: number;
  readonly isPair: boolean;
  /** Texts without labels of the same kind. */
  readonly poolRows: number;
  /** The p50 of one text that is asked for at most, in microseconds. */
  readonly latencyUs?: number | undefined;
};

type Range = { readonly least?: number; readonly most?: number };

type When = {
  readonly rows?: Range;
  readonly medianWords?: Range;
  readonly classes?: Range;
  /** Texts of the pool for each labelled row; 0 without a pool. */
  readonly poolPerRow?: Range;
  /** Default: either. */
  readonly isPair?: boolean;
};

export type UseCase = {
  readonly name: string;
  /** The case in words. */
  readonly says: string;
  readonly when: When;
  /** Settings under their names in a config; a student by steps has a number of them, and stops early. */
  readonly use: {
    readonly says: string;
    readonly student: Readonly<Record<string, string | number | readonly number[]>>;
    readonly training?: {
      readonly leastSteps: number;
      readonly epochs: { readonly least: number; readonly most: number };
      readonly earlyStopping: number;
    };
    readonly method: { readonly alpha: number; readonly temperature: number };
    /** Fine-tuned at a learning rate, or a last layer on an encoder that stays as it is. */
    readonly teacher: { readonly learningRate: number } | { readonly solver: 'convex' };
    readonly seeds: number;
    readonly controls: readonly Control[];
    /** The figure that says how long such a student takes for a text. */
    readonly timedBy: string;
    /** Of each training text, with words left out, for the teacher to label. */
    readonly copies?: number;
  };
  readonly why: string;
  /** Names of figures: what a teacher adds in such a case. */
  readonly evidence: readonly string[];
};

const CONTROLS: readonly Control[] = ['no-teacher', 'linear'];
/** As in the recipes: half of a target is the label, where there is one. */
const METHOD = { alpha: 0.5, temperature: 1 } as const;
const COMMON = { method: METHOD, seeds: 5, controls: CONTROLS } as const;
const NGRAM = {
  ...COMMON,
  says: 'linear n-grams, fitted in seconds',
  student: { model: 'ngram' },
  timedBy: 'trec-ngram',
} as const;
/** Many classes want larger steps of the teacher; what is expected of few rows was measured with them. */
const [USUAL_TEACHER, FEW_ROWS_TEACHER] = [{ learningRate: 5e-5 }, { learningRate: 1e-4 }] as const;
/** Ten rows of a class move no encoder to what it has for all of them already. */
const FEW_ROWS_A_CLASS_TEACHER = { solver: 'convex' } as const;

export const USE_CASES: readonly UseCase[] = [
  {
    name: 'regression',
    says: 'scores instead of classes',
    when: { classes: { most: 1 } },
    use: { ...NGRAM, teacher: USUAL_TEACHER },
    why: 'Students of a regression have not been measured with a teacher, so this is the cheapest experiment that tells.',
    evidence: [],
  },
  {
    name: 'pairs',
    says: 'pairs of texts',
    when: { isPair: true },
    use: { ...NGRAM, teacher: USUAL_TEACHER, timedBy: 'mrpc-ngram' },
    why: 'On pairs no small student has gained over the linear model: n-grams cannot compare two texts as the teacher does.',
    evidence: ['mrpc-ngram', 'mrpc-static-tiny'],
  },
  {
    name: 'few-labels',
    says: 'few labels (to 2,000) of fewer than 20 classes, four times as many unlabelled texts or more',
    when: { rows: { most: 2000 }, classes: { most: 19 }, poolPerRow: { least: 4 } },
    use: { ...NGRAM, teacher: FEW_ROWS_TEACHER },
    why: 'A pre-trained teacher learns from few labels what n-grams cannot, and tells it to them on texts that nobody has labelled.',
    evidence: ['few-labels-sst2-500', 'few-labels-trec-500', 'few-labels-imdb-500'],
  },
  {
    name: 'few-labels-many-classes',
    says: 'few labels (to 2,000) of 20 classes or more, four times as many unlabelled texts or more',
    when: { rows: { most: 2000 }, poolPerRow: { least: 4 } },
    use: { ...NGRAM, teacher: FEW_ROWS_A_CLASS_TEACHER },
    why: 'Of some ten rows a class a fine-tuned teacher learns hardly more than a linear model does. A pre-trained encoder that stays as it is tells classes apart already: a last layer on it is fitted in seconds, and knows far more.',
    evidence: ['few-labels-banking77-770'],
  },
  {
    name: 'thousands-and-pool',
    says: 'some thousand labels (to 20,000), twice as many unlabelled texts or more',
    when: { rows: { most: 20_000 }, poolPerRow: { least: 2 } },
    use: { ...NGRAM, teacher: FEW_ROWS_TEACHER },
    why: 'Of other texts the teacher says what the labels do not.',
    evidence: ['trec-ngram'],
  },
  {
    name: 'many-rows-and-pool',
    says: 'more labels, short texts (median to 40 words), as many unlabelled texts or more',
    when: { medianWords: { most: 40 }, poolPerRow: { least: 1 } },
    use: {
      ...COMMON,
      says: 'a BiLSTM of 6 MB',
      student: { model: 'bilstm', size: 'tiny' },
      training: { leastSteps: 5600, epochs: { least: 2, most: 30 }, earlyStopping: 2 },
      teacher: USUAL_TEACHER,
      timedBy: 'sst2-bilstm-tiny',
      seeds: 3,
    },
    why: 'It can hold more of what the teacher says about other texts than n-grams can, and is as small.',
    evidence: ['sst2-bilstm-tiny'],
  },
  {
    name: 'many-rows-and-pool-fast',
    says: 'the same, in less time per text than a BiLSTM has',
    when: { medianWords: { most: 40 }, poolPerRow: { least: 1 } },
    use: {
      ...NGRAM,
      says: 'linear n-grams of up to three words',
      student: { model: 'ngram', ngrams: [1, 3] },
      timedBy: 'sst2-ngram',
      teacher: USUAL_TEACHER,
    },
    why: 'Of other texts the teacher says what the labels do not.',
    evidence: ['sst2-ngram'],
  },
  {
    name: 'many-classes',
    says: 'own rows alone, short texts (median to 20 words), 20 classes or more',
    when: { medianWords: { most: 20 }, classes: { least: 20 } },
    use: {
      ...NGRAM,
      student: { model: 'ngram', charNgrams: [2, 4] },
      timedBy: 'banking77-ngram',
      teacher: FEW_ROWS_TEACHER,
      copies: 2,
    },
    why: 'A teacher that was fine-tuned on the rows which it labels repeats their labels; copies with words left out are other texts to it. The teacher of the figures is the mean of MiniLM and a linear model (teacher: models).',
    evidence: ['banking77-ngram'],
  },
  {
    name: 'own-rows',
    says: 'own rows alone',
    when: {},
    use: { ...NGRAM, teacher: USUAL_TEACHER },
    why: 'A teacher that was fine-tuned on the rows which it labels repeats their labels. Give unlabelled texts (--transfer), or leave the teacher out: retort train, with --layers 3 for accuracy or --model ngram for microseconds, learns as much from the labels.',
    evidence: ['sst2-bert3'],
  },
];

type Figures = Readonly<Record<string, UseFigure>>;

/** The figures of a case that results/ has. */
export function figuresOf({ evidence }: Pick<UseCase, 'evidence'>, figures: Figures = FIGURES): readonly UseFigure[] {
  return evidence.flatMap((name) => figures[name] ?? []);
}

/** Whether the figures promise a gain over the same student without a teacher, and over the linear baseline. */
export function promisesGain(line: Pick<UseCase, 'evidence'>, figures: Figures = FIGURES): boolean {
  const own = figuresOf(line, figures);
  return own.length > 0 && own.every(({ gain, overLinear }) => isAbove(gain) && isAbove(overLinear));
}

function isAbove(gain: MeasuredGain | undefined): boolean {
  return gain !== undefined && gain.low > 0;
}

/** The first line that fits a task, and whether its student has the latency that is asked for. */
export function whatToUse(task: TaskOutline): { readonly line: UseCase; readonly isFastEnough: boolean } {
  const { latencyUs = Infinity } = task;
  const fitting = USE_CASES.filter(({ when }) => fits(when, task));
  const fast = fitting.find((line) => latencyOf(line) <= latencyUs);
  const [line = fast] = fast === undefined ? fitting.toSorted((a, b) => latencyOf(a) - latencyOf(b)) : [fast];
  if (line === undefined) throw new RangeError('the last line fits every task');
  return { line, isFastEnough: fast !== undefined };
}

function fits({ isPair, ...ranges }: When, task: TaskOutline): boolean {
  const { rows, medianWords, classes, poolRows } = task;
  const values = { rows, medianWords, classes, poolPerRow: poolRows / Math.max(1, rows) };
  const isWithin = (value: number, { least = -Infinity, most = Infinity }: Range) => value >= least && value <= most;
  return (
    (isPair ?? task.isPair) === task.isPair &&
    Object.entries(values).every(([name, value]) => isWithin(value, ranges[name as keyof typeof values] ?? {}))
  );
}

/** In microseconds a text. */
function latencyOf({ use }: UseCase): number {
  return FIGURES[use.timedBy]?.p50 ?? Infinity;
}
