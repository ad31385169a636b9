/** @file A teacher's classes in the order of a data set's labels, found by their names. */
import { isUnnamed } from '../data/label-column.js';
import { SignalError } from '../errors/failures.js';
import { changedBatch } from './answers.js';
import type { OpenTeacher, RowValues, Teacher } from './teacher.js';

/** Signals with one value a class. */
const BY_CLASS: ReadonlySet<string> = new Set(['logits', 'remainder']);

export type AlignOptions = {
  /** Told where classes were not matched by exactly the same names. */
  readonly onNotice?: (text: string) => void;
};

/**
 * The same teacher with its classes in the order of `labelNames`. Names count as the same in other case, and with `_`,
 * `-` or a space between words. A teacher without names, or with `LABEL_0`, `LABEL_1`, … is taken to have the labels in
 * this very order, and a notice says so. In another order it cannot be traced into a step any more.
 * @throws SignalError with both lists, if the labels are not the same.
 */
export function alignLabels(teacher: Teacher, labelNames: readonly string[], options: AlignOptions = {}): Teacher {
  const { name, classes, labelNames: own } = teacher;
  if (labelNames.length === 0) return teacher;
  if (classes !== labelNames.length) throw otherLabels(teacher, labelNames);
  if (isUnnamed(own)) {
    options.onNotice?.(
      `teacher ${name} does not name its classes; they are taken to be ${labelNames.join(', ')}, in this order`,
    );
    return { ...teacher, labelNames };
  }
  const places = new Map(own.map((label, i) => [folded(label), i]));
  const from = labelNames.map((label) =>
    own.includes(label) ? own.indexOf(label) : (places.get(folded(label)) ?? -1),
  );
  if (from.includes(-1) || new Set(from).size < classes) throw otherLabels(teacher, labelNames);
  if (from.some((place, i) => own[place] !== labelNames[i])) {
    const pairs = from.map((place, i) => `${own[place]} as ${labelNames[i]}`);
    options.onNotice?.(`teacher ${name}: its classes are taken by name, ${pairs.join(', ')}`);
  }
  if (from.every((place, i) => place === i)) return { ...teacher, labelNames };
  return reordered(teacher, labelNames, from);
}

function folded(label: string): string {
  return label
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/gu, ' ');
}

function reordered(teacher: Teacher, labelNames: readonly string[], from: readonly number[]): Teacher {
  const { traced: _traced, open, ...rest } = teacher;
  const reorder = (values: Float32Array): Float32Array => {
    const C = from.length;
    return values.map((_, i) => values[i - (i % C) + (from[i % C] as number)] as number);
  };
  const reorderAll = (given: RowValues): RowValues =>
    Object.fromEntries(
      Object.entries(given).map(([signal, values]) => [signal, BY_CLASS.has(signal) ? reorder(values) : values]),
    );
  return {
    ...rest,
    labelNames,
    contentHash: `${teacher.contentHash}/classes-${from.join('-')}`,
    ...(open && {
      open: async (signals): Promise<OpenTeacher> => {
        const opened = await open(signals);
        return { ...opened, answer: async (data, rows) => reorderAll(await opened.answer(data, rows)) };
      },
    }),
    answer: async (data, signals) => {
      const { batch, ...answers } = await teacher.answer(data, signals);
      return {
        ...answers,
        batch: changedBatch(batch, (signal, values) => (BY_CLASS.has(signal) ? reorder(values) : values)),
      };
    },
  };
}

function otherLabels({ name, labelNames, classes }: Teacher, wanted: readonly string[]): SignalError {
  const got = labelNames.length === 0 ? `${classes} classes without names` : labelNames.join(', ');
  return new SignalError({
    where: `teacher ${name}`,
    wanted: `the labels of the data: ${wanted.join(', ')}`,
    got,
    fix: "use a teacher with the same labels, or name those of the data as it does: --label_names FILE (in code the teacher's labels)",
  });
}
