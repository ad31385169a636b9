/**
 * @file A teacher that says of each of its training rows what a model says that was not trained on it: cross-fitting, for
 * students as in Dao, Kamath, Syrgkanis and Mackey 2021, arXiv:2104.09732. They learn from training rows alone; here any other
 * row gets the mean of all models.
 */
import type { Dataset } from '../data/dataset.js';
import { allRows, workByBatch } from '../data/row-sample.js';
import { selectedRows } from '../data/selected-rows.js';
import type { TextTable } from '../data/text-table.js';
import { SignalError } from '../errors/failures.js';
import { jsonHash } from '../files/json-hash.js';
import type { SignalName } from '../models/model.js';
import { gatheredFrom, rowShapes, usableAnswers, usualSignals } from './answers.js';
import { type EnsembleOptions, ensembleTeacher, expectLogitsOnly } from './ensemble-teacher.js';
import { labellingPlan } from './labelling-plan.js';
import { KeyIndex, keysOfRows } from './row-keys.js';
import type { LabellingPlan, PlanRequest, Teacher, TeacherAnswers } from './teacher.js';

export type CrossFittedOptions = EnsembleOptions & {
  /** The number of the model that was not trained on a text, from 0; undefined for a text that none was trained on. */
  readonly foldOf: (table: TextTable, row: number) => number | undefined;
};

type FoldOf = CrossFittedOptions['foldOf'];

/** Rows of a data set, and who is asked about them. */
type Part = { readonly rows: Uint32Array; readonly teacher: Teacher };

/**
 * A teacher whose training rows are each labelled by the model of their fold, which was not trained on them; other rows get
 * the mean of all models (`ensembleTeacher`). It gives logits alone, and is no part of a step.
 * @param members the model of each fold, in order; each is asked about all its rows at once.
 * @throws as `ensembleTeacher` does; of its answers SignalError for another signal, or data without texts.
 */
export function crossFittedTeacher(members: readonly Teacher[], { foldOf, ...mean }: CrossFittedOptions): Teacher {
  const everyone = ensembleTeacher(members, mean);
  const { open: _open, ...rest } = everyone;
  const answeredBy = (foldAt: FoldOf) => async (data: Dataset, signals: readonly SignalName[]) => {
    expectLogitsOnly(signals, everyone.name);
    return joined(partsOf(data, members, everyone, foldAt), data, everyone);
  };
  return {
    ...rest,
    contentHash: jsonHash(['cross-fitted', everyone.contentHash]),
    plan: (data, request) => crossFittedPlan(members, data, foldOf, request),
    answer: answeredBy(foldOf),
    crossFitted: {
      hashes: members.map(({ contentHash }) => contentHash),
      // The next model was trained on the rows of this fold.
      seen: answeredBy((table, row) => {
        const fold = foldOf(table, row);
        return fold === undefined ? undefined : (fold + 1) % members.length;
      }),
    },
  };
}

/** The rows of each member, then those of all of them. */
function partsOf(data: Dataset, members: readonly Teacher[], everyone: Teacher, foldOf: FoldOf): Part[] {
  const folds = foldsOfRows(data, foldOf, everyone.name);
  const of = (fold: number | undefined) => allRows(data.size).filter((row) => folds[row] === fold);
  const parts = [
    ...members.map((teacher, fold) => ({ rows: of(fold), teacher })),
    { rows: of(undefined), teacher: everyone },
  ];
  return parts.filter(({ rows }) => rows.length > 0);
}

function foldsOfRows(data: Dataset, foldOf: FoldOf, name: string): (number | undefined)[] {
  const table = data.text?.table;
  if (table === undefined) {
    throw new SignalError({ where: `teacher ${name}`, wanted: 'rows of text', got: `${data.name}, which has none` });
  }
  return Array.from({ length: data.size }, (_, row) => foldOf(table, row));
}

/** The answers to parts of the data, each row's in its place. */
async function joined(parts: readonly Part[], data: Dataset, everyone: Teacher): Promise<TeacherAnswers> {
  const { name, classes } = everyone;
  const signals = usualSignals(everyone);
  // [N, C]
  const logits = new Float32Array(data.size * classes);
  for (const { rows, teacher } of parts) {
    const { batch } = await teacher.answer(selectedRows(data, rows), ['logits']);
    const said = batch(allRows(rows.length), rows.length);
    for (const [i, row] of rows.entries()) {
      for (let c = 0; c < classes; c++) {
        const isHole = Number(said.remainder?.data[i * classes + c] ?? 0) > 0;
        logits[row * classes + c] = isHole ? Number.NaN : Number(said.logits?.data[i * classes + c]);
      }
    }
  }
  return usableAnswers(everyone, data, gatheredFrom(signals, rowShapes(signals, `teacher ${name}`), { logits }));
}

/** `unanswered` counts the answers that are to come: a row that no model was trained on takes one of each. */
async function crossFittedPlan(
  members: readonly Teacher[],
  data: Dataset,
  foldOf: FoldOf,
  request: PlanRequest,
): Promise<LabellingPlan> {
  const [first] = members as [Teacher];
  const folds = foldsOfRows(data, foldOf, first.name);
  const { firsts } = new KeyIndex(await keysOfRows(data, ['texts'], `teacher ${first.name}`));
  const found = { unanswered: 0, bytes: 0, seconds: 0 };
  let secondsPerWork: number | undefined;
  let isTimed = true;
  for (const [fold, member] of members.entries()) {
    const own = selectedRows(
      data,
      allRows(data.size).filter((row) => folds[row] === undefined || folds[row] === fold),
    );
    // Models of one kind take the same time: one is tried.
    const isTried = request.isTimed && secondsPerWork === undefined;
    const plan = await labellingPlan(member, own, { ...request, isTimed: isTried });
    const share = plan.unanswered / Math.max(1, plan.rows);
    const work = share * workByBatch(own, allRows(own.size)).reduce((sum, one) => sum + one, 0);
    if (isTried && plan.seconds !== undefined && work > 0) secondsPerWork = plan.seconds / work;
    const seconds = plan.seconds ?? (secondsPerWork === undefined ? undefined : secondsPerWork * work);
    isTimed &&= seconds !== undefined;
    found.unanswered += plan.unanswered;
    found.bytes += plan.bytes;
    found.seconds += seconds ?? 0;
  }
  const { seconds, ...counted } = found;
  return {
    rows: firsts.filter((row, i) => row === i).length,
    ...counted,
    ...(isTimed && { seconds }),
    signals: usualSignals(first),
  };
}
