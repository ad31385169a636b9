/** @file Probabilities that a page holds, as a teacher. */
import type { Dataset } from '../data/dataset.js';
import { OptionError } from '../errors/failures.js';
import { RetortError } from '../errors/retort-error.js';
import { answersInMemory, usualSignals } from '../teachers/answers.js';
import { expectLogitsAlone } from '../teachers/model-teacher.js';
import { AnswerReader } from '../teachers/recorded-row.js';
import type { Teacher } from '../teachers/teacher.js';

const NAME = 'teacher';

/**
 * A teacher of one list of probabilities for each row that was given, in the order of the labels. Rows are found by their
 * ids, which are their numbers from 1.
 * @throws OptionError for another number of rows, or a row that holds no probabilities.
 */
export function givenTeacher(
  probabilities: readonly ArrayLike<number>[],
  { rows, labelNames }: { readonly rows: number; readonly labelNames: readonly string[] },
): Teacher {
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
