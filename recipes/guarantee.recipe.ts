/**
 * @file Whether certificates keep what they promise, on real rows. The files of a set are merged and divided: a student and a teacher
 * (linear n-grams of other widths) learn from two parts, a third fits the ranker, a fourth gives the scale of thresholds, and the rest
 * is the population, which neither was trained on. Calibration rows are drawn from it with replacement, 2,000 times, the student being
 * fixed; what counts is how often the population's own risk at the certified threshold is above the bound. Planted beside these: flat
 * scores, ties, a single class, no rows, a shift, and a threshold that was chosen by its errors, which the campaign has to catch.
 * Into `results/guarantee.json`, whose cells are not run again: to have all of them, delete it. About ten minutes.
 *
 *   RETORT_DATA=… npm run recipe -- guarantee [--sets banking77,…] [--draws 2000] [--results results]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type AnswerScore,
  type CalibrationRow,
  certifyThreshold,
  chooseScore,
  lowerRate,
  type Risk,
  rareLabels,
  scoreAnswers,
} from '../src/entries/certificates.js';
import {
  joinTables,
  loadTextSet,
  rowsByText,
  selectRows,
  splitOf,
  type TextSetName,
  type TextTable,
  textDataset,
} from '../src/entries/data.js';
import type { TextModel } from '../src/entries/models.js';
import { RandomStream } from '../src/entries/tensor.js';
import { fitLinearModel, openEvaluator, type Predictions } from '../src/entries/training.js';
import { chosenNames } from './chosen-names.js';
import { keptJson } from './kept-json.js';
import { writeFileAtomic } from './write-file.js';

const SETS = { banking77: 'BANKING77', clinc150: 'CLINC150', sst2: 'SST-2' } as const satisfies Partial<
  Record<TextSetName, string>
>;
type SetName = keyof typeof SETS;

/** Shares of the rows, at most so many; the rest is the population. */
const PARTS = {
  student: { share: 0.3, most: 10_000 },
  teacher: { share: 0.2, most: 10_000 },
  validation: { share: 0.1, most: 3000 },
  scale: { share: 0.05, most: 2000 },
} as const;
/** Other n-grams, else a teacher would be the student again. */
const NGRAMS = { student: { words: [1, 1], chars: [2, 4] }, teacher: { words: [1, 2], chars: [3, 5] } } as const;

type Truth = 'labels' | 'teacher';
type Case = { readonly rows: number; readonly risk: Risk; readonly delta: number };
const CASES: readonly Case[] = [
  { rows: 500, risk: { kept: 0.05 }, delta: 0.1 },
  { rows: 500, risk: { all: 0.05 }, delta: 0.1 },
  { rows: 1540, risk: { kept: 0.02 }, delta: 0.05 },
  { rows: 1540, risk: { kept: 0.03, all: 0.02 }, delta: 0.05 },
];
const MAX_PROBABILITY = { temperature: 1 };
const SEED = 11;
const FILE = 'guarantee.json';

export type GuaranteeCell = Case & {
  readonly set: SetName;
  readonly truth: Truth;
  /** How answers are scored, or what was planted. */
  readonly score: string;
  /** Of rows. */
  readonly population: number;
  /** Share of its answers that are wrong. */
  readonly wrong: number;
  readonly draws: number;
  /** How many of them certified a threshold, and how many of those the population breaks. */
  readonly certified: number;
  readonly exceeded: number;
  /** Clopper and Pearson's lower 95 % limit of how often it is exceeded. */
  readonly low: number;
  /** Mean share of the population that is kept, 0 where nothing was certified. */
  readonly coverage: number;
  /** Labels that are left to the teacher, as too few calibration rows would have them. */
  readonly deferred?: number;
  /** Of a planted cell that has to break the bound. */
  readonly breaks?: true;
};

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sets: { type: 'string' },
      draws: { type: 'string', default: '2000' },
      results: { type: 'string', default: 'results' },
    },
  });
  const path = join(values.results, FILE);
  const known = keptJson<readonly GuaranteeCell[]>(path, []);
  const sets = chosenNames('--sets', SETS, values.sets?.split(','));
  const cells = known.filter(({ set }) => !sets.includes(set));
  for (const set of sets) cells.push(...(await cellsOf(set, Number(values.draws), known)));
  await writeFileAtomic(path, `${JSON.stringify(cells, null, 1)}\n`);
  console.log(guaranteeTable(cells));
}

async function cellsOf(
  set: SetName,
  draws: number,
  known: readonly GuaranteeCell[],
): Promise<readonly GuaranteeCell[]> {
  const parts = await partsOf(set);
  const learnt = (part: 'student' | 'teacher') => fitLinearModel(parts[part], { seed: SEED, ngrams: NGRAMS[part] });
  const [student, teacher] = [await learnt('student'), await learnt('teacher')];
  const said = {
    population: await predictions(student, parts.population),
    scale: await predictions(student, parts.scale),
  };
  const validation = await predictions(student, parts.validation);
  const choices = {
    population: (await predictions(teacher, parts.population)).classes,
    validation: (await predictions(teacher, parts.validation)).classes,
  };
  const classes = parts.population.labelNames.length;
  const cells: GuaranteeCell[] = [];
  for (const truth of ['labels', 'teacher'] as const) {
    const of = (part: 'population' | 'validation') =>
      truth === 'teacher' ? choices[part] : Int32Array.from(parts[part].labels ?? []);
    const fitted = await chooseScore({ outputs: { logits: validation.logits, classes }, labels: of('validation') });
    const ways: Readonly<Record<string, (rows: number) => AnswerScore>> = {
      'max-probability': () => MAX_PROBABILITY,
      // Of as many calibration rows; by the texts of the scale, as `retort cascade` has it.
      'max-probability, rare labels to the teacher': (rows) => ({
        ...MAX_PROBABILITY,
        deferred: rareLabels({ answers: said.scale.classes, classes, rows }),
      }),
      ...(fitted.isRanker && { ranker: () => fitted.score }),
    };
    const right = of('population');
    for (const [score, howOf] of Object.entries(ways)) {
      const trialOf = (rows: number) => {
        const how = howOf(rows);
        const scored = scoreAnswers(how, { logits: said.population.logits, classes });
        const scale = scoreAnswers(how, { logits: said.scale.logits, classes }).scores;
        const population = rowsOf(scored.scores, (row) => scored.answers[row] !== right[row]);
        const deferred = how.deferred?.length;
        return { set, truth, score, draws, population, scale, known, ...(deferred !== undefined && { deferred }) };
      };
      for (const one of CASES) cells.push(cellOf({ ...trialOf(one.rows), ...one }));
      if (truth === 'labels' && score === 'max-probability')
        cells.push(...planted({ ...trialOf(0), labels: parts.population.labels ?? [] }));
    }
  }
  return cells;
}

/** The labelled rows of all files, no text twice, drawn apart. */
async function partsOf(set: SetName) {
  const loaded = await loadTextSet(set, { dir: process.env.RETORT_DATA });
  const { dev } = loaded;
  const [train, test] = [splitOf(loaded, 'train'), splitOf(loaded, 'test')];
  const all = joinTables(set, { train, ...(dev && { dev }), test });
  const again = new Set(rowsByText(all).repeated.flatMap(([, ...later]) => later));
  const rows = [...new RandomStream(SEED, set).permutation(all.size)].filter((row) => !again.has(row));
  let from = 0;
  const take = (count: number) => {
    from += count;
    return selectRows(all, rows.slice(from - count, from));
  };
  const part = ({ share, most }: { readonly share: number; readonly most: number }) =>
    take(Math.min(most, Math.floor(share * rows.length)));
  const { student, teacher, validation, scale } = PARTS;
  return {
    student: part(student),
    teacher: part(teacher),
    validation: part(validation),
    scale: part(scale),
    population: take(rows.length - from),
  };
}

async function predictions({ model, weights, tokenizer }: TextModel, table: TextTable): Promise<Predictions> {
  const evaluator = await openEvaluator({ model, data: textDataset(table, tokenizer, { model }), threads: 1 });
  try {
    return await evaluator.predict(weights);
  } finally {
    await evaluator.release();
  }
}

function rowsOf(scores: Float64Array, isWrong: (row: number) => boolean): readonly CalibrationRow[] {
  return Array.from(scores, (score, row) => ({ score, isWrong: isWrong(row) }));
}

type Trial = Case & {
  readonly set: SetName;
  readonly truth: Truth;
  readonly score: string;
  readonly draws: number;
  readonly deferred?: number;
  /** Cells of an earlier run. */
  readonly known: readonly GuaranteeCell[];
  readonly population: readonly CalibrationRow[];
  readonly scale: Float64Array;
  /** What calibration rows are drawn from. Default: the population. */
  readonly drawnFrom?: readonly CalibrationRow[];
  /** Default: `certifyThreshold`. */
  readonly thresholdOf?: (rows: readonly CalibrationRow[], scale: Float64Array) => number | undefined;
  readonly breaks?: true;
};

function cellOf(trial: Trial): GuaranteeCell {
  const { set, truth, score, rows, risk, delta, draws, population, scale, drawnFrom = population, breaks } = trial;
  const { deferred, known: earlier } = trial;
  const key = JSON.stringify(keyOf(trial));
  const kept = earlier.find((cell) => JSON.stringify(keyOf(cell)) === key);
  if (kept !== undefined) return kept;
  const { thresholdOf = (drawn) => certifyThreshold({ rows: drawn, scale, risk, delta }).found?.threshold } = trial;
  const random = new RandomStream(SEED, `${set} ${truth} ${score} ${rows}`);
  const known = new Map<number, ReturnType<typeof populationAt>>();
  let [certified, exceeded, coverage] = [0, 0, 0];
  for (let draw = 0; draw < draws; draw++) {
    const drawn = Array.from({ length: rows }, () => drawnFrom[random.below(drawnFrom.length)] as CalibrationRow);
    const threshold = thresholdOf(drawn, scale);
    if (threshold === undefined) continue;
    const at = known.get(threshold) ?? populationAt(population, threshold);
    known.set(threshold, at);
    certified += 1;
    coverage += at.coverage;
    if (at.kept > (risk.kept ?? 1) || at.all > (risk.all ?? 1)) exceeded += 1;
  }
  const wrong = population.filter(({ isWrong }) => isWrong).length / population.length;
  const cell = {
    ...{ set, truth, score, rows, risk, delta, population: population.length, wrong: rounded(wrong), draws },
    ...{ certified, exceeded, low: rounded(lowerRate(exceeded, draws, 0.05)), coverage: rounded(coverage / draws) },
    ...(deferred !== undefined && { deferred }),
    ...(breaks && { breaks }),
  };
  console.log(
    `${set}, ${truth}, ${score}, ${rows} rows: exceeded in ${exceeded} of ${draws}, coverage ${cell.coverage}`,
  );
  return cell;
}

/** What a cell is of. */
function keyOf({ set, truth, score, rows, risk, delta, draws }: Omit<Trial, 'known' | 'population' | 'scale'>) {
  return { set, truth, score, rows, risk, delta, draws };
}

function rounded(share: number): number {
  return Number(share.toFixed(4));
}

function populationAt(rows: readonly CalibrationRow[], threshold: number) {
  const kept = rows.filter(({ score }) => score >= threshold);
  const wrong = kept.filter(({ isWrong }) => isWrong).length;
  return { kept: wrong / Math.max(1, kept.length), all: wrong / rows.length, coverage: kept.length / rows.length };
}

type Planted = Pick<Trial, 'set' | 'truth' | 'draws' | 'population' | 'scale' | 'known'> & {
  readonly labels: ArrayLike<number>;
};

function planted({ labels, ...trial }: Planted): readonly GuaranteeCell[] {
  const { population, scale } = trial;
  const base = { ...trial, ...(CASES[0] as Case) };
  const wrong = population.filter(({ isWrong }) => isWrong).length / population.length;
  const scored = (of: (score: number) => number) => ({
    population: population.map((row) => ({ ...row, score: of(row.score) })),
    scale: scale.map(of),
  });
  const ofOneClass = population.filter((_, row) => labels[row] === labels[0]);
  const median = scale.slice().sort()[scale.length >> 1] as number;
  // At the true risk: a bound that is a little below it must not be certified, one that is above it by much may.
  const atRisk = { kept: Math.max(0.01, 0.9 * wrong) };
  const cells: readonly Partial<Trial>[] = [
    { score: 'planted: flat scores', ...scored(() => 0.5), risk: atRisk },
    { score: 'planted: ties, scores of one decimal', ...scored((score) => Math.round(10 * score) / 10) },
    { score: 'planted: one class', population: ofOneClass },
    { score: 'planted: no rows', rows: 0 },
    {
      score: 'planted: a shift, calibrated on the surer half with every second error left out',
      drawnFrom: population.filter(({ score, isWrong }, row) => score >= median && !(isWrong && row % 2 === 0)),
      breaks: true,
    },
    {
      score: 'planted: a threshold that was chosen by its errors',
      thresholdOf: (rows) => loosestByErrors(rows, scale, (base.risk.kept as number) * rows.length),
      breaks: true,
    },
  ];
  return cells.map((cell) => cellOf({ ...base, score: '', ...cell }));
}

/** The loosest threshold of the scale at which the share of errors is within the bound, as many do it. */
function loosestByErrors(rows: readonly CalibrationRow[], scale: Float64Array, atAll: number): number | undefined {
  const bound = atAll / rows.length;
  const falling = [...rows].sort((a, b) => b.score - a.score);
  let [wrong, loosest] = [0, undefined as number | undefined];
  for (const [i, { score, isWrong }] of falling.entries()) {
    if (isWrong) wrong += 1;
    if (score !== falling[i + 1]?.score && wrong <= bound * (i + 1)) loosest = score;
  }
  return loosest === undefined ? undefined : Math.max(loosest, Math.min(...scale));
}

const percent = (share: number, digits = 0) => (100 * share).toFixed(digits);
const PLANTED = 'planted: ';
const KINDS: Readonly<Record<keyof Risk, string>> = { kept: 'of the rows kept', all: 'of all rows' };

/** A row for each set, truth and score: the mean coverage in percent, and how often the bound is exceeded; then what was planted. */
export function guaranteeTable(cells: readonly GuaranteeCell[]): string {
  const isOf = (one: Case) => (cell: GuaranteeCell) =>
    cell.rows === one.rows && JSON.stringify(cell.risk) === JSON.stringify(one.risk);
  const own = cells.filter(({ score }) => !score.startsWith(PLANTED));
  const groups = new Map(own.map((cell) => [`${cell.set} ${cell.truth} ${cell.score}`, cell]));
  const lines = [...groups.values()].map(({ set, truth, score, wrong }) => {
    const group = own.filter((cell) => cell.set === set && cell.truth === truth && cell.score === score);
    const found = CASES.map((one) => {
      const cell = group.find(isOf(one));
      if (cell === undefined) return '';
      const deferred = cell.deferred === undefined ? '' : ` (${cell.deferred})`;
      return `${percent(cell.coverage, 1)} / ${percent(cell.exceeded / cell.draws, 2)}${deferred}`;
    });
    return [SETS[set], truth, score, percent(wrong, 1), ...found];
  });
  const statements = CASES.map(({ rows, risk, delta }) => {
    const bounds = Object.entries(risk) as [keyof Risk, number][]; // of the type above
    const said = bounds.map(([kind, bound]) => `${percent(bound)} % ${KINDS[kind]}`).join(' and ');
    return `${rows.toLocaleString('en')} rows: ${said}, at most ${percent(delta)}`;
  });
  const planted = cells.filter(({ score }) => score.startsWith(PLANTED));
  const sets = [...new Set(planted.map(({ set }) => set))];
  const plantedLines = [...new Set(planted.map(({ score }) => score))].map((score) => {
    const found = sets.map((set) => planted.find((cell) => cell.set === set && cell.score === score));
    const exceeded = found.map((cell) => (cell === undefined ? '' : percent(cell.exceeded / cell.draws, 2)));
    const wanted = found.some((cell) => cell?.breaks) ? 'broken' : `at most ${percent(found[0]?.delta ?? 0)}`;
    return [score.slice(PLANTED.length), ...exceeded, wanted];
  });
  return [
    ...tableOf(['set', 'truth', 'score', 'wrong, %', ...statements], lines, 3),
    ...tableOf(['planted', ...sets.map((set) => SETS[set]), 'has to be'], plantedLines, 1),
  ].join('\n');
}

/** @param names How many columns in front hold words. */
function tableOf(titles: readonly string[], lines: readonly (readonly string[])[], names: number): readonly string[] {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [row(titles), row(titles.map((_, i) => (i < names ? '---' : '---:'))), ...lines.map(row), ''];
}
