/** @file What a page holds of a teacher: its probabilities, or a file of its recorded outputs. */
import type { Dataset } from '../data/dataset.js';
import { type GivenFile, givenObjects } from '../data/given-file.js';
import { OptionError } from '../errors/failures.js';
import { RetortError } from '../errors/retort-error.js';
import { answersInMemory, usualSignals } from '../teachers/answers.js';
import { expectLogitsAlone } from '../teachers/model-teacher.js';
import { labelsOfRows, teacherOfRows } from '../teachers/recorded-answers.js';
import { AnswerReader } from '../teachers/recorded-row.js';
import type { Teacher } from '../teachers/teacher.js';
import type { GivenTexts } from './given-texts.js';

const NAME = 'teacher';

/** One of the two. */
export type TeacherOutputs = {
  /** [N][C], in the order of the rows and labels. */
  readonly probabilities?: readonly ArrayLike<number>[] | undefined;
  /** Recorded outputs in JSON lines, as `retort distill --teacher FILE` reads them: of rows by their text or id. */
  readonly recorded?: GivenFile | undefined;
};

type Rows = { readonly rows: number; readonly labelNames: readonly string[] };

/** @throws OptionError for not exactly one of the two; as `givenTeacher` and `recordedTeacher` do. */
export async function teacherOf({ probabilities, recorded }: TeacherOutputs, rows: Rows): Promise<Teacher> {
  if ((probabilities === undefined) === (recorded === undefined)) {
    const got = recorded === undefined ? 'neither' : 'both';
    throw new OptionError({ where: NAME, wanted: 'either probabilities or recorded', got });
  }
  if (recorded === undefined) return givenTeacher(probabilities ?? [], rows);
  const { labelNames } = rows;
  const none = { update: () => {}, digest: () => NAME };
  // Rows that are set aside have outputs, too.
  return teacherOfRows(recorded.name, givenObjects(recorded), { labelNames, unknownRows: 'ignore' }, none);
}

/** The names of the labels as given; without labels those that recorded outputs name. */
export async function namesOfLabels({
  labelNames,
  labels,
  teacher,
}: Pick<GivenTexts, 'labels'> & {
  readonly labelNames?: readonly string[] | undefined;
  readonly teacher?: TeacherOutputs | undefined;
}): Promise<readonly string[] | undefined> {
  if (labelNames !== undefined || teacher?.recorded === undefined) return labelNames;
  if (labels?.some((label) => label !== null)) return undefined;
  return labelsOfRows(givenObjects(teacher.recorded));
}

/**
 * A teacher of one list of probabilities for each row that was given, in the order of the labels. Rows are found by their
 * numbers from 1, which their ids are.
 * @throws OptionError for another number of rows, or a row that holds no probabilities.
 */
export function givenTeacher(probabilities: readonly ArrayLike<number>[], { rows, labelNames }: Rows): Teacher {
  if (probabilities.length !== rows) {
    const wanted = `probabilities for ${rows} rows, one list for each text`;
    throw new OptionError({ where: NAME, wanted, got: String(probabilities.length) });
  }
  const C = labelNames.length;
  const logits = new Float32Array(rows * C);
  let isWhole = true;
  const reader = new AnswerReader(labelNames, {});
  for (const [row, list] of probabilities.entries()) {
    const { target, isWhole: saysAll } = readRow(reader, Array.from(list), `${NAME}, row ${row + 1}`);
    logits.set(target.logits, row * C);
    isWhole &&= saysAll;
  }
  const open: Teacher['open'] = async (signals) => {
    expectLogitsAlone(signals, NAME);
    return {
      signals: usualSignals({ classes: C }),
      answer: async (data, wanted) => ({ logits: rowsOf(logits, C, data, wanted) }),
      release: async () => {},
    };
  };
  return {
    ...{ name: NAME, provides: ['logits'], classes: C, labelNames, contentHash: NAME, open },
    temperatures: isWhole ? 'any' : 'one',
    answer: (data, signals) => answersInMemory({ name: NAME, open }, data, signals),
  };
}

function readRow(reader: AnswerReader, probabilities: readonly number[], where: string) {
  try {
    return reader.read({ probabilities }, where);
  } catch (error) {
    if (!(error instanceof RetortError)) throw error;
    const { wanted, got } = error;
    throw new OptionError({ where: error.where, wanted, got });
  }
}

function rowsOf(logits: Float32Array, C: number, { text }: Dataset, rows: Uint32Array): Float32Array {
  const picked = new Float32Array(rows.length * C);
  for (const [i, row] of rows.entries()) {
    const place = Number(text?.table.ids[row]) - 1;
    picked.set(logits.subarray(place * C, (place + 1) * C), i * C);
  }
  return picked;
}
