/** @file One student, or the same one with and without a teacher, trained and scored on rows that neither has seen. */
import { namesOfLabels, teacherOf } from '../../src/browser/given-teacher.js';
import { type GivenTexts, taskOf } from '../../src/browser/given-texts.js';
import { type TrainedStudent, trainStudent } from '../../src/browser/train-student.js';
import type { GivenFile } from '../../src/data/given-file.js';
import { stratifiedRows } from '../../src/data/stratified.js';
import { textDataset } from '../../src/data/text-dataset.js';
import { selectRows, type TextTable } from '../../src/data/text-table.js';
import { type Interval, tInterval } from '../../src/metrics/statistics.js';
import { wilsonInterval } from '../../src/metrics/wilson-interval.js';
import type { Student } from '../../src/standalone/student.js';
import { argmax } from '../../src/tensor/logits.js';
import { NO_LABEL } from '../../src/tensor/no-label.js';
import type { TrainingEvent } from '../../src/training/run/events.js';

export type StudentKind = 'ngram' | 'static';

/** What is to be trained; it can be sent to a worker. */
export type DistilJob = {
  readonly rows: GivenTexts;
  readonly kind: StudentKind;
  /** Recorded outputs of a teacher. */
  readonly recorded?: GivenFile | undefined;
};

/** `taught`: from the teacher's outputs and the labels; `alone`: from the labels. */
export type ArmName = 'taught' | 'alone';

export type Score = {
  readonly right: number;
  readonly rows: number;
  /** 95 %, Wilson's. */
  readonly interval: readonly [low: number, high: number];
};

export type ArmOutcome = {
  readonly name: ArmName;
  /** On the rows set aside, by the very file that is offered; undefined where no row has a label. */
  readonly score: Score | undefined;
  readonly seconds: number;
  /** `student.js`. */
  readonly code: string;
};

export type DistilOutcome = {
  readonly labelNames: readonly string[];
  readonly trainRows: number;
  readonly arms: readonly ArmOutcome[];
  /** Taught less alone, on the same rows: the paired interval of the mean; undefined where there are not both. */
  readonly gain: (Interval & { readonly mean: number }) | undefined;
  /** The teacher's own, where it has outputs for the rows set aside. */
  readonly teacher: Score | undefined;
};

const SEED = 42;
/** Of the labelled rows: what students are compared on. */
const TEST_SHARE = 0.2;

/**
 * @returns what was found, and the students, to be asked
 * @throws RetortError for rows or outputs that make no task
 */
export async function distilArms(
  { rows, kind, recorded }: DistilJob,
  onEvent: (arm: ArmName, event: TrainingEvent, place: number, of: number) => void,
): Promise<{ readonly outcome: DistilOutcome; readonly students: ReadonlyMap<ArmName, Student> }> {
  const names = await namesOfLabels({ ...rows, teacher: { recorded } });
  const whole = taskOf({ ...rows, labelNames: names, validation: null }, SEED);
  const { labelNames } = whole;
  const { train, test } = setAside(whole.train);
  const arms: readonly ArmName[] =
    recorded === undefined ? ['alone'] : test === undefined ? ['taught'] : ['taught', 'alone'];
  const students = new Map<ArmName, Student>();
  const found: ArmOutcome[] = [];
  const right: Float64Array[] = [];
  let last: TrainedStudent | undefined;
  for (const [place, name] of arms.entries()) {
    const trained = await trainStudent({
      ...{ model: kind, labelNames, seed: SEED, threads: 1 },
      ...{ texts: [...train.texts], labels: labelsOf(train), ids: [...train.ids] },
      // A solver chooses by parts of the training rows; steps end with the best epoch on rows of their own.
      ...(kind === 'ngram' && { validation: null }),
      ...(name === 'taught' && { teacher: { recorded } }),
      onEvent: (event) => onEvent(name, event, place, arms.length),
    });
    const student = await trained.open();
    const code = (await trained.js())['student.js'] as string; // as `jsStudent` names it
    const isRight = test && rightRows(test, (text) => labelNames.indexOf(answerOf(student, text)));
    found.push({ name, score: isRight && scoreOf(isRight), seconds: trained.seconds, code });
    if (isRight) right.push(isRight);
    students.set(name, student);
    last = trained;
  }
  const [taught, alone] = right;
  const gain = taught && alone && gainOf(taught, alone);
  const teacher = recorded && test && last && (await teacherScore(recorded, test, last));
  return { outcome: { labelNames, trainRows: train.size, arms: found, gain, teacher }, students };
}

/** A fifth of the labelled rows, each label in its share; none where there are no labels. */
function setAside(table: TextTable): { readonly train: TextTable; readonly test: TextTable | undefined } {
  const isLabelled = (row: number): boolean => (table.labels?.[row] ?? NO_LABEL) !== NO_LABEL;
  const labelled = Uint32Array.from({ length: table.size }, (_, row) => row).filter(isLabelled);
  if (labelled.length === 0) return { train: table, test: undefined };
  const drawn = stratifiedRows(selectRows(table, labelled), { share: TEST_SHARE }, SEED);
  const aside = new Set(Array.from(drawn, (place) => labelled[place]));
  const all = Uint32Array.from({ length: table.size }, (_, row) => row);
  const test = selectRows(
    table,
    all.filter((row) => aside.has(row)),
  );
  const train = selectRows(
    table,
    all.filter((row) => !aside.has(row)),
  );
  return { train, test: test.size === 0 ? undefined : test };
}

function labelsOf({ labels, labelNames, size }: TextTable): (string | null)[] {
  return Array.from({ length: size }, (_, row) => labelNames[labels?.[row] ?? NO_LABEL] ?? null);
}

/** 1 for each row whose label is predicted, else 0. */
function rightRows({ texts, labels }: TextTable, labelOf: (text: string, row: number) => number): Float64Array {
  return Float64Array.from(texts, (text, row) => (labelOf(text, row) === labels?.[row] ? 1 : 0));
}

function answerOf({ predict }: Student, text: string): string {
  return [predict(text)].flat()[0]?.label ?? '';
}

function scoreOf(isRight: Float64Array): Score {
  const right = isRight.reduce((sum, one) => sum + one, 0);
  return { right, rows: isRight.length, interval: wilsonInterval(right, isRight.length) };
}

/** Both have answered the same rows: those that they answer alike say nothing of the difference. */
function gainOf(taught: Float64Array, alone: Float64Array): DistilOutcome['gain'] {
  const differences = Array.from(taught, (one, row) => one - (alone[row] as number));
  if (differences.length < 2) return undefined;
  const mean = differences.reduce((sum, one) => sum + one, 0) / differences.length;
  return { mean, ...tInterval(differences) };
}

/** Undefined where an output of a row set aside is missing. */
async function teacherScore(
  recorded: GivenFile,
  test: TextTable,
  { model, tokenizer, labelNames }: TrainedStudent,
): Promise<Score | undefined> {
  const teacher = await teacherOf({ recorded }, { rows: test.size, labelNames });
  const data = textDataset(test, tokenizer, { model });
  try {
    const answers = await teacher.answer(data, ['logits']);
    const { logits } = answers.batch(
      Uint32Array.from({ length: test.size }, (_, row) => row),
      test.size,
    );
    const said = logits?.data as Float32Array;
    return scoreOf(rightRows(test, (_, row) => argmax(said, row, labelNames.length)));
  } catch {
    // Rows set aside need no outputs: the comparison is whole without.
    return undefined;
  }
}
