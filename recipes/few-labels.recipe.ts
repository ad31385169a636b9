/**
 * @file Few labels, many texts. Each seed draws its labelled rows, fine-tunes its own teacher (MiniLM-L6) on them alone, and
 * teaches small students on them and on the texts of other training rows, whose labels nobody reads: by the teacher's logits
 * (`hinton`) and by its choices (`hard-labels`: pseudo-labels). Beside them each student learns from the labels alone, for as
 * many steps at most, stopped early on an inner fifth of the labelled rows and trained again on all of them for as
 * long. Rows that are scored are no part of a pool, whatever their case and blanks (`distill` sees to it). Appends each finished run to `results/few-labels/CELL.jsonl` and resumes by it.
 *
 *   RETORT_DATA=… npm run recipe -- few-labels [--cells sst2-500,trec-500] [--students ngram,static] [--from 1] [--seeds 5]
 *   [--threads N] [--work .bench] [--results results]
 */
import { appendFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  joinTables,
  loadTextSet,
  selectRows,
  splitOf,
  stratifiedRows,
  stratifiedSplit,
  stratifiedSubset,
  type TextTable,
  type TextTask,
  withoutLabels,
} from '../src/entries/data.js';
import { finishedRuns, inPoints } from '../src/entries/experiments.js';
import { loadTextModel } from '../src/entries/models.js';
import { distill, type FineTuneOptions, fineTune } from '../src/index.js';
import { chosenNames } from './chosen-names.js';
import { type FewLabelsRun, runsOfCell, summariseFewLabels } from './few-labels-figures.js';
import { CELLS, type Cell, type CellName, SEEDS, STUDENTS, type StudentName } from './few-labels-settings.js';
import { LIMITS, type Limits, limitsOf } from './run-limits.js';
import { scoreOf } from './score-of.js';
import { taughtBy } from './text-students.js';

const PATIENCE = 10;
const INNER_SHARE = 0.2;
const BATCH = 64;
const MONITORED_ROWS = 100;

type Drawn = {
  readonly task: Pick<TextTask, 'name' | 'isPair' | 'isRegression' | 'labelNames' | 'metrics'>;
  readonly labelled: TextTable;
  readonly pool: TextTable;
  readonly scored: TextTable;
};

type Place = {
  readonly cell: Cell;
  readonly name: CellName;
  readonly seed: number;
  readonly drawn: Drawn;
  /** Of this seed; deleted when it is done, but for its teacher and its answers. */
  readonly folder: string;
  readonly limits: Limits;
  readonly keep: (run: Omit<FewLabelsRun, 'seed'>) => void;
};

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      cells: { type: 'string' },
      students: { type: 'string' },
      from: { type: 'string', default: '1' },
      seeds: { type: 'string', default: String(SEEDS) },
      work: { type: 'string', default: '.bench' },
      results: { type: 'string', default: 'results' },
      ...LIMITS,
    },
  });
  mkdirSync(join(values.results, 'few-labels'), { recursive: true });
  const asked = chosenNames('--students', STUDENTS, values.students?.split(','));
  for (const name of chosenNames('--cells', CELLS, values.cells?.split(','))) {
    const cell = CELLS[name];
    const loaded = await loadTextSet(cell.set, { dir: process.env.RETORT_DATA, onBadRow: () => {} });
    const file = join(values.results, 'few-labels', `${name}.jsonl`);
    const { students = ['ngram', 'static', 'bilstm'] } = cell;
    const wanted = students.filter((student) => asked.includes(student));
    for (let seed = Number(values.from); seed <= Number(values.seeds); seed++) {
      const place: Place = {
        ...{ cell, name, seed, drawn: draw(loaded, cell, seed), limits: limitsOf(values) },
        folder: join(values.work, 'few-labels', name, `seed-${seed}`),
        keep: (run) => {
          appendFileSync(file, `${JSON.stringify({ seed, ...run })}\n`);
          console.log(`${name}, seed ${seed}: ${run.student} ${run.arm} ${run.score.toFixed(2)} (${run.seconds} s)`);
        },
      };
      // Of the seed before it begins: no arm of it is asked for twice.
      const before = runsOfCell(values.results, name).filter((run) => run.seed === seed);
      const isDone = (student: FewLabelsRun['student'], arm: FewLabelsRun['arm']) =>
        before.some((run) => run.student === student && run.arm === arm);
      for (const student of wanted) if (!isDone(student, 'alone')) await alone(student, place);
      const left = wanted.filter((student) => !isDone(student, 'hinton') || !isDone(student, 'hard-labels'));
      const known = before.find(({ student }) => student === 'teacher');
      if (known === undefined || (left.length > 0 && !existsSync(teacherFolder(place.folder)))) {
        await teacher(place, known);
      }
      for (const student of left) {
        await taught(student, place, (arm) => isDone(arm === 'linear' ? 'linear' : student, arm));
      }
    }
    await summariseFewLabels(values.results);
  }
}

/** The labelled rows of a seed, the texts of the pool, and what is scored, which all seeds have. */
function draw(loaded: TextTask, { labels, pool, scored, scoredRows }: Cell, seed: number): Drawn {
  const train = splitOf(loaded, 'train');
  const drawn = 'rows' in labels ? stratifiedRows(train, labels, seed) : rowsOfEachClass(train, labels.perClass, seed);
  const isDrawn = new Set(drawn);
  const others = selectRows(
    train,
    Array.from({ length: train.size }, (_, row) => row).filter((row) => !isDrawn.has(row)),
  );
  const splits = Object.fromEntries(scored.map((split) => [split, splitOf(loaded, split)]));
  const rows = scored.length === 1 ? splitOf(loaded, scored[0]) : joinTables(scored.join(' and '), splits);
  return {
    task: loaded,
    labelled: selectRows(train, drawn),
    pool: withoutLabels(pool === undefined ? others : stratifiedSubset(others, { rows: pool }, seed)),
    scored: scoredRows === undefined ? rows : stratifiedSubset(rows, { rows: scoredRows }, 0),
  };
}

function rowsOfEachClass(table: TextTable, count: number, seed: number): number[] {
  const { labels = new Int32Array() } = table;
  return table.labelNames
    .flatMap((_, label) => {
      const own = [...labels.keys()].filter((row) => labels[row] === label);
      return [...stratifiedRows(selectRows(table, own), { rows: count }, seed)].map((at) => own[at] as number);
    })
    .sort((a, b) => a - b);
}

/** The labels alone: how long by an inner split, then all labelled rows for as long. */
async function alone(student: StudentName, { seed, drawn, folder, limits, keep }: Place): Promise<void> {
  const begun = performance.now();
  const { settings, steps } = STUDENTS[student];
  const { temperature: _, schedule: __, ...start } = settings;
  const { part: inner, rest: fitted } = stratifiedSplit(drawn.labelled, { share: INNER_SHARE }, seed);
  const outputDir = join(folder, `alone-${student}`);
  const common: FineTuneOptions = {
    ...{ ...start, ...limitsFor(student, limits), seed, outputDir, overwrite: true },
  };
  const most = steps === undefined ? undefined : epochsOf(student, steps, fitted.size);
  const searched = await fineTune({
    ...common,
    ...(most !== undefined && { epochs: most, earlyStopping: PATIENCE, schedule: 'constant' }),
    task: { ...drawn.task, train: fitted, dev: inner },
    test: 'none',
  });
  const scores = searched.record.epochs.map(({ metrics }) => metrics.accuracy ?? 0);
  const best = Math.max(...scores);
  const epochs = scores.indexOf(best) + 1;
  const model = await fineTune({
    ...common,
    ...(most !== undefined && { epochs, earlyStopping: 0, schedule: 'constant' }),
    task: { ...drawn.task, train: drawn.labelled, dev: inner },
    test: 'none',
  });
  const parameters = model.record.parameters;
  keep({
    ...{ student, arm: 'alone', parameters, ...(await scoreOf(model, drawn.scored)) },
    inner: inPoints(most === undefined ? (searched.record.metrics.accuracy ?? 0) : best),
    ...(most !== undefined && { epochs }),
    seconds: secondsSince(begun),
  });
  rmSync(outputDir, { recursive: true, force: true });
}

/** A solver takes no steps that could be limited. */
function limitsFor(student: StudentName, { threads, maxSteps }: Limits): Limits {
  return {
    ...(threads !== undefined && { threads }),
    ...(maxSteps !== undefined && STUDENTS[student].steps !== undefined && { maxSteps }),
  };
}

function epochsOf(student: StudentName, steps: number, rows: number): number {
  const { settings } = STUDENTS[student];
  return Math.max(1, Math.round(steps / Math.ceil(rows / (settings.layers === undefined ? BATCH : 32))));
}

function secondsSince(begun: number): number {
  return Number(((performance.now() - begun) / 1000).toFixed(1));
}

const teacherFolder = (folder: string): string => join(folder, 'teacher');

/** With a run that is `known` (its folder is gone, or was of another machine) it is trained again, and said whether it is the same. */
async function teacher({ cell, name, seed, drawn, folder, limits, keep }: Place, known?: FewLabelsRun): Promise<void> {
  const begun = performance.now();
  const { labelled, scored, task } = drawn;
  const model = await taughtBy(
    await loadTextModel('minilm-l6'),
    // How it comes on is seen on a few scored rows; it is trained for as long whatever they say.
    { ...task, train: labelled, dev: stratifiedSubset(scored, { rows: MONITORED_ROWS }, 0) },
    {
      ...{ ...cell.teacher, ...limits, seed, outputDir: teacherFolder(folder) },
    },
  );
  const parameters = Object.values(model.weights).reduce((sum, { data }) => sum + data.length, 0);
  const scores = await scoreOf(model, scored);
  if (known === undefined) {
    keep({ ...{ student: 'teacher', arm: 'alone', parameters, ...scores }, seconds: secondsSince(begun) });
  } else {
    const same =
      scores.right.bits === known.right.bits ? 'right on the same rows' : `before it had ${known.score.toFixed(2)}`;
    console.log(`${name}, seed ${seed}: teacher trained again, ${scores.score.toFixed(2)}, ${same}`);
  }
}

/** By the teacher's logits, and by its choices. */
async function taught(
  student: StudentName,
  { name, seed, drawn, folder, limits, keep }: Place,
  isDone: (arm: 'hinton' | 'hard-labels' | 'linear') => boolean,
): Promise<void> {
  const { settings, steps } = STUDENTS[student];
  const { labelled, pool, scored, task } = drawn;
  const resultsFile = join(folder, `${student}.jsonl`);
  mkdirSync(folder, { recursive: true });
  await distill({
    ...{ ...settings, ...limitsFor(student, limits), teacher: teacherFolder(folder), transfer: pool },
    ...(steps !== undefined && { epochs: epochsOf(student, steps, labelled.size + pool.size) }),
    task: { ...task, train: labelled, dev: scored },
    test: 'none',
    controls: student === 'ngram' ? ['hard-labels', 'linear'] : ['hard-labels'],
    seeds: [seed],
    cacheDir: join(folder, 'answers'),
    outputDir: join(folder, student),
    resultsFile,
    resume: true,
    command: `npm run recipe -- few-labels --cells ${name}`,
    onEvent: (event) => {
      if (event.type === 'notice') console.log(event.text);
    },
  });
  for (const { arm, seconds, result } of await finishedRuns(resultsFile)) {
    if (arm !== 'hinton' && arm !== 'hard-labels' && arm !== 'linear') continue;
    if (isDone(arm) || result.right === undefined) continue;
    const { right, parameters = 0 } = result;
    const of = arm === 'linear' ? 'linear' : student;
    keep({ student: of, arm, parameters, score: inPoints(result.score), right, seconds: Number(seconds.toFixed(1)) });
  }
  rmSync(join(folder, student), { recursive: true, force: true });
}
